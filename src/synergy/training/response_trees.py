"""Responses to one prompt as trees: a beginning that several were given is run once, as a branch that they grow from.

The beginning is a rollout of its own, before those that go on from it. Where it is not among the responses each brings
it along, with the same result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from synergy.models.prompt import Prompt
from synergy.models.trees import Branch, Tree, split_tree
from synergy.records import Rollout, TokenSignal


@dataclass(frozen=True, kw_only=True, eq=False)
class SignalTree:
    """A tree and what is to be learned from its responses."""

    tree: Tree
    signals: tuple[TokenSignal, ...]  #: one per scored branch, in order, of that branch's tokens


def signal_trees(prompt: Prompt, signals: Sequence[TokenSignal], *, max_tokens: int) -> list[SignalTree]:
    """The responses to one prompt as trees of at most `max_tokens` tokens; each signal is in one of them.

    Raises InputError where one response with its prompt is longer.
    """
    if not signals:
        return []
    tree, starts = _grown(prompt, [signal.rollout for signal in signals])
    left = iter([_from(signal, start) for signal, start in zip(signals, starts, strict=True)])
    return [
        SignalTree(tree=part, signals=tuple(next(left) for branch in part.branches if branch.scored))
        for part in split_tree(tree, max_tokens)
    ]


def rollout_trees(prompt: Prompt, rollouts: Sequence[Rollout], *, max_tokens: int) -> list[Tree]:
    """The same for responses that are only to be scored: a branch may have the last tokens of its response alone."""
    return split_tree(_grown(prompt, rollouts)[0], max_tokens)


def _grown(prompt: Prompt, rollouts: Sequence[Rollout]) -> tuple[Tree, list[int]]:
    """The whole tree, and where in its response each branch starts."""
    branches, starts = [], []
    for index, rollout in enumerate(rollouts):
        parent = _beginning(rollout, rollouts[:index])
        start = 0 if parent is None else rollout.num_guided_tokens
        ids = torch.as_tensor(rollout.token_ids[start:], dtype=torch.int64)
        branches.append(Branch(token_ids=ids, parent=parent))
        starts.append(start)
    return Tree(prompt=prompt, branches=tuple(branches)), starts


def _beginning(rollout: Rollout, before: Sequence[Rollout]) -> int | None:
    """The index of the rollout that is what this attempt was given."""
    if rollout.is_demonstration or not rollout.num_guided_tokens:
        return None
    given = rollout.token_ids[: rollout.num_guided_tokens]
    return next((index for index, each in enumerate(before) if np.array_equal(each.token_ids, given)), None)


def _from(signal: TokenSignal, start: int) -> TokenSignal:
    """The signal of the tokens from `start` on; nothing is learned from those before."""
    if not start:
        return signal
    weights = (signal.policy_gradient_weight, signal.nll_weight, signal.kl_weight)
    assert not any(weight[:start].any() for weight in weights), "a shared beginning is learned from once, where it is"
    rollout = signal.rollout
    scores = (rollout.sampler_logprobs, rollout.policy_logprobs, rollout.reference_logprobs)
    sampler, policy, reference = (None if values is None else values[start:] for values in scores)
    return TokenSignal(
        rollout=replace(
            rollout,
            token_ids=rollout.token_ids[start:],
            num_guided_tokens=0,
            sampler_logprobs=sampler,
            policy_logprobs=policy,
            reference_logprobs=reference,
        ),
        policy_gradient_weight=signal.policy_gradient_weight[start:],
        advantage=signal.advantage[start:],
        nll_weight=signal.nll_weight[start:],
        kl_weight=signal.kl_weight[start:],
    )
