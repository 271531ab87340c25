"""Evaluation while training: attempts at other problems, their mean scores, and a few of them to read."""

import time
from dataclasses import dataclass

from synergy.config.train import EvaluationConfig
from synergy.data.examples import Examples
from synergy.grading.rewards.compute import Rewards
from synergy.models.rendering import Renderer
from synergy.prompts import PromptPreset
from synergy.records import Purpose, RolloutGroup, SampleRequest
from synergy.training.draw import first_turns
from synergy.training.merge import merge_over
from synergy.training.metrics import merge_metrics, summarise
from synergy.training.reward_metrics import reward_metrics
from synergy.training.rewards import graded
from synergy.training.rollout_metrics import level_metrics, rollout_metrics
from synergy.training.source import OnProgress
from synergy.training.synced_sampler import SyncedSampler


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """How the policy did."""

    metrics: dict[str, float]  #: `evaluation/…`, over all processes
    accuracy: float
    truncated_fraction: float
    groups: tuple[RolloutGroup, ...]  #: this process's share
    generated_tokens: int
    num_images: int
    seconds: float


class Evaluator:
    """Evaluates on the same problems each time, with random numbers of their own each time."""

    def __init__(
        self,
        config: EvaluationConfig,
        examples: Examples,
        renderer: Renderer,
        sampler: SyncedSampler,
        preset: PromptPreset,
        rewards: Rewards,
    ) -> None:
        self.config = config
        self.examples = examples
        self.renderer = renderer
        self.sampler = sampler
        self.preset = preset
        self.rewards = rewards

    def is_due(self, step: int, num_steps: int) -> bool:
        """Whether to evaluate after `step` steps; before the first and after the last always."""
        return step in (0, num_steps) or step % self.config.every_steps == 0

    def evaluate(self, step: int, on_progress: OnProgress | None = None) -> Evaluation:
        """The current policy's scores; called by all processes alike."""
        start = time.perf_counter()
        processes = self.sampler.policy.processes
        turns = first_turns(self.examples, self.config.num_problems, self.renderer, self.preset, processes, visit=step)
        requests = [
            SampleRequest(problem=turn.example.problem, num_samples=self.config.samples_per_problem, visit=turn.visit)
            for turn in turns
        ]
        groups = self.sampler.sample(
            requests, purpose=Purpose.EVALUATE, temperature=self.config.temperature, on_progress=on_progress
        )
        groups = graded(groups, self.preset, self.rewards, step=step)
        parts = [rollout_metrics(groups), level_metrics(groups), reward_metrics(groups, self.rewards.config)]
        merged = merge_over(processes, merge_metrics(parts))
        found = summarise(merged)
        seconds = time.perf_counter() - start
        metrics = {f"evaluation/{_plain(key)}": value for key, value in found.items() if _is_shown(key)}
        return Evaluation(
            metrics={**metrics, "evaluation/seconds": seconds},
            accuracy=found.get("score/accuracy", 0.0),
            truncated_fraction=found.get("response/truncated_fraction", 0.0),
            groups=tuple(groups),
            generated_tokens=int(found.get("sampling/generated_tokens", 0)),
            num_images=int(found.get("sampling/num_images", 0)),
            seconds=seconds,
        )


def _is_shown(key: str) -> bool:
    return key.startswith(("score/", "reward/", "response/")) and key != "reward/group_std"


def _plain(key: str) -> str:
    """Without its area, `evaluation/accuracy`; but the reward's accuracy term is `evaluation/reward_accuracy`."""
    area, _, name = key.partition("/")
    if area == "reward":
        return "reward" if name == "mean" else f"reward_{name}"
    return name
