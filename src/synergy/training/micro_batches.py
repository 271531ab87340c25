"""How a process's share of an optimiser step is cut into micro-batches, as many on every process.

Where processes work together none may run a forward pass alone, nor leave a tower without gradient that others
train: dummies of weight 0 fill up. A process on its own has no dummies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synergy.algorithms.signals import is_zero_signal
from synergy.models.prompt import Prompt
from synergy.models.trees import Tree, TreeBatch, group_tree, make_batch, micro_batches, split_tree
from synergy.records import Rollout, TokenSignal
from synergy.training.trained_policy import TrainedPolicy


@dataclass(frozen=True, kw_only=True, eq=False)
class SignalTree:
    """A tree and what is to be learned from its responses."""

    tree: Tree
    signals: tuple[TokenSignal, ...]  #: one per scored branch, in order


def signal_trees(prompt: Prompt, signals: Sequence[TokenSignal], *, max_tokens: int) -> list[SignalTree]:
    """The responses to one prompt as trees of at most `max_tokens` tokens; each signal is in one of them.

    Raises InputError where one response with its prompt is longer.
    """
    if not signals:
        return []
    tree = group_tree(prompt, [signal.rollout.token_ids for signal in signals])
    left = iter(signals)
    return [
        SignalTree(tree=part, signals=tuple(next(left) for branch in part.branches if branch.scored))
        for part in split_tree(tree, max_tokens)
    ]


def moving(signals: Sequence[TokenSignal]) -> list[TokenSignal]:
    """Those that have anything to teach."""
    return [signal for signal in signals if not is_zero_signal(signal)]


def rollout_trees(prompt: Prompt, rollouts: Sequence[Rollout], *, max_tokens: int) -> list[Tree]:
    """The same for attempts that are only to be scored."""
    return split_tree(group_tree(prompt, [rollout.token_ids for rollout in rollouts]), max_tokens)


@dataclass(frozen=True, kw_only=True, eq=False)
class MicroBatch:
    """One forward pass; tokens of a dummy come after all others."""

    indices: tuple[int, ...]  #: of the trees in it, dummies apart
    batch: TreeBatch
    num_scored: int  #: scored tokens, dummies apart
    is_last: bool


def lay_out(trees: Sequence[Tree], max_tokens: int, policy: TrainedPolicy) -> Iterator[MicroBatch]:
    """Micro-batches of at most `max_tokens` tokens, trees in order; called by all processes alike."""
    shares = [tuple(indices) for indices in micro_batches(trees, max_tokens)]
    num = max(policy.processes.gather(len(shares)))
    shares += [()] * (num - len(shares))
    is_alone = policy.processes.num == 1
    for place, indices in enumerate(shares):
        chosen = [trees[index] for index in indices]
        lacks_images = policy.trains_images and not any(tree.prompt.items for tree in chosen)
        filled = chosen if is_alone or (chosen and not lacks_images) else [*chosen, policy.dummy]
        yield MicroBatch(
            indices=indices,
            batch=make_batch(filled),
            num_scored=sum(map(_num_scored, chosen)),
            is_last=place == num - 1,
        )


def _num_scored(tree: Tree) -> int:
    return sum(len(branch.token_ids) for branch in tree.branches if branch.scored)
