"""Attempts of the policy, graded and rewarded; what all sources that sample have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

from synergy.grading.rewards.compute import Rewards
from synergy.prompts import PromptPreset
from synergy.records import Purpose, RolloutGroup, Sampler, SampleRequest
from synergy.training.draw import Turn
from synergy.training.metrics import LossMetrics, merge_metrics
from synergy.training.reward_metrics import reward_metrics
from synergy.training.rewards import graded
from synergy.training.rollout_metrics import rollout_metrics
from synergy.training.source import OnProgress


@dataclass(frozen=True, kw_only=True, eq=False)
class Attempts:
    """Samples for training; called by all processes alike, each with its own problems."""

    sampler: Sampler
    preset: PromptPreset
    rewards: Rewards
    num_samples: int  #: at each problem

    def at(self, turns: Sequence[Turn], on_progress: OnProgress | None, *, step: int) -> list[RolloutGroup]:
        """Attempts at each turn's problem, unguided."""
        requests = [
            SampleRequest(problem=turn.example.problem, num_samples=self.num_samples, visit=turn.visit)
            for turn in turns
        ]
        return self.of(requests, on_progress, step=step)

    def of(self, requests: Sequence[SampleRequest], on_progress: OnProgress | None, *, step: int) -> list[RolloutGroup]:
        """Attempts as they are asked for, in order; `step` is how many steps were done before."""
        groups = self.sampler.sample(requests, purpose=Purpose.TRAIN, on_progress=on_progress)
        return graded(groups, self.preset, self.rewards, step=step)

    def metrics(self, groups: Sequence[RolloutGroup]) -> LossMetrics:
        """What is reported of unguided attempts."""
        return merge_metrics([rollout_metrics(groups), reward_metrics(groups, self.rewards.config)])
