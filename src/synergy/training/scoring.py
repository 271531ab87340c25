"""Log-probs of finished responses under a model that is not being updated: the policy before a step, the reference."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from synergy.models.evaluating import evaluating
from synergy.models.lora import adapter_off
from synergy.models.prompt import Prompt
from synergy.records import Rollout, RolloutGroup
from synergy.training.micro_batches import lay_out
from synergy.training.response_trees import rollout_trees
from synergy.training.trained_policy import TrainedPolicy

Field = Literal["policy_logprobs", "reference_logprobs"]


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """How scoring is cut up, and the distribution that is scored."""

    temperature: float
    max_tokens_per_tree: int
    max_tokens_per_micro_batch: int


def score(
    policy: TrainedPolicy,
    groups: Sequence[RolloutGroup],
    prompts: Mapping[str, Prompt],
    field: Field,
    settings: ScoreSettings,
) -> list[RolloutGroup]:
    """The groups with the log-probs of all responses in `field`; `prompts` by problem id.

    They are NaN at a beginning that was given and is a response of the group itself, where they stand once.
    Called by all processes alike, each with its own groups, as the model may be sharded over them.
    """
    trees = [
        tree
        for group in groups
        for tree in rollout_trees(prompts[group.problem.id], group.rollouts, max_tokens=settings.max_tokens_per_tree)
    ]
    found: list[np.ndarray] = []
    with evaluating(policy.policy):
        for micro in lay_out(trees, settings.max_tokens_per_micro_batch, policy):
            logprobs = policy.scores(micro.batch, temperature=settings.temperature).logprobs
            num_dummies = len(micro.batch.trees) - len(micro.indices)
            parts = logprobs.to(torch.float32).cpu().split(micro.batch.branch_lengths)
            found += [part.numpy() for part in parts[: len(parts) - num_dummies]]
    left = iter(found)
    return [replace(group, rollouts=tuple(_with_scores(group.rollouts, field, left))) for group in groups]


def _with_scores(rollouts: Sequence[Rollout], field: Field, left: Iterator[np.ndarray]) -> Iterator[Rollout]:
    for rollout in rollouts:
        scores = next(left)
        unknown = np.full(len(rollout.token_ids) - len(scores), np.nan, dtype=np.float32)
        scores = np.concatenate([unknown, scores])
        if field == "policy_logprobs":
            yield replace(rollout, policy_logprobs=scores)
        else:
            yield replace(rollout, reference_logprobs=scores)


class Reference:
    """The model as it was when training began: a copy of its own, or the policy without its adapter."""

    def __init__(self, model: TrainedPolicy, *, without_adapter: bool) -> None:
        self.model = model
        self.without_adapter = without_adapter

    def score(
        self, groups: Sequence[RolloutGroup], prompts: Mapping[str, Prompt], settings: ScoreSettings
    ) -> list[RolloutGroup]:
        """The groups with `reference_logprobs`; as the function of that name."""
        with adapter_off(self.model.loaded.model) if self.without_adapter else nullcontext():
            return score(self.model, groups, prompts, "reference_logprobs", settings)
