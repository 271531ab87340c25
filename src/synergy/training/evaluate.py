"""Evaluation while training: attempts at other problems, their mean scores, and a few of them to read."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from synergy.config.train import EvaluationConfig, OutOfSourceConfig
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

_OUT_OF_SOURCE = (
    "score/accuracy",
    "score/standard_error",
    "score/unscored_fraction",
    "response/length_tokens",
    "response/truncated_fraction",
)


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


@dataclass(frozen=True, kw_only=True, eq=False)
class OutOfSource:
    """Problems that are attempted beside the evaluation's own."""

    config: OutOfSourceConfig
    examples: Examples


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
        out_of_source: Sequence[OutOfSource] = (),
    ) -> None:
        self.config = config
        self.examples = examples
        self.renderer = renderer
        self.sampler = sampler
        self.preset = preset
        self.rewards = rewards
        self.out_of_source = out_of_source

    def is_due(self, step: int, num_steps: int) -> bool:
        """Whether to evaluate after `step` steps; before the first and after the last always."""
        return step in (0, num_steps) or step % self.config.every_steps == 0

    def evaluate(self, step: int, on_progress: OnProgress | None = None) -> Evaluation:
        """The current policy's scores; called by all processes alike."""
        start = time.perf_counter()
        groups, found = self._attempts(self.examples, self.config.num_problems, step, on_progress)
        spent = [found]
        metrics = {f"evaluation/{_plain(key)}": value for key, value in found.items() if _is_shown(key)}
        metrics["evaluation/num_attempts"] = found.get("sampling/num_attempts", 0.0)
        for other in self.out_of_source:
            _, elsewhere = self._attempts(other.examples, other.config.num_problems, step, on_progress)
            spent.append(elsewhere)
            area = f"evaluation/{other.config.name}"
            metrics |= {f"{area}/{_plain(key)}": elsewhere[key] for key in _OUT_OF_SOURCE if key in elsewhere}
            metrics[f"{area}/num_attempts"] = elsewhere.get("sampling/num_attempts", 0.0)
        seconds = time.perf_counter() - start
        return Evaluation(
            metrics={**metrics, "evaluation/seconds": seconds},
            accuracy=found.get("score/accuracy", 0.0),
            truncated_fraction=found.get("response/truncated_fraction", 0.0),
            groups=tuple(groups),
            generated_tokens=sum(int(each.get("sampling/generated_tokens", 0)) for each in spent),
            num_images=sum(int(each.get("sampling/num_images", 0)) for each in spent),
            seconds=seconds,
        )

    def _attempts(
        self, examples: Examples, num: int, step: int, on_progress: OnProgress | None
    ) -> tuple[list[RolloutGroup], dict[str, float]]:
        """This process's graded attempts at the first `num` problems, and the metrics of those of all processes."""
        processes = self.sampler.policy.processes
        turns = first_turns(examples, num, self.renderer, self.preset, processes, visit=step)
        requests = [
            SampleRequest(problem=turn.example.problem, num_samples=self.config.samples_per_problem, visit=turn.visit)
            for turn in turns
        ]
        groups = self.sampler.sample(
            requests, purpose=Purpose.EVALUATE, temperature=self.config.temperature, on_progress=on_progress
        )
        groups = graded(groups, self.preset, self.rewards, step=step)
        parts = [rollout_metrics(groups), level_metrics(groups), reward_metrics(groups, self.rewards.config)]
        return groups, summarise(merge_over(processes, merge_metrics(parts)))


def _is_shown(key: str) -> bool:
    return key.startswith(("score/", "reward/", "response/")) and key != "reward/group_std"


def _plain(key: str) -> str:
    """Without its area, `evaluation/accuracy`; but the reward's accuracy term is `evaluation/reward_accuracy`."""
    area, _, name = key.partition("/")
    if area == "reward":
        return "reward" if name == "mean" else f"reward_{name}"
    return name
