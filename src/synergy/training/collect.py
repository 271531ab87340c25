"""Where a step's groups come from: demonstrations as they are, or attempts that are sampled, graded and sifted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from synergy.algorithms.dynamic_sampling import keeps_group, wants_another_round
from synergy.config.algorithm import DynamicSamplingConfig
from synergy.grading.rewards.compute import Rewards
from synergy.models.rendering import Renderer
from synergy.prompts import PromptPreset
from synergy.records import Purpose, Sampler, SampleRequest
from synergy.training.demonstrations import demonstration_group
from synergy.training.draw import Drawer
from synergy.training.metrics import LossMetrics, merge_metrics
from synergy.training.processes import Processes
from synergy.training.reward_metrics import reward_metrics
from synergy.training.rewards import graded
from synergy.training.rollout_metrics import mean_of, rollout_metrics, total
from synergy.training.step_groups import StepGroup

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Collected:
    """This process's share of what a step learns from."""

    groups: tuple[StepGroup, ...]
    metrics: LossMetrics  #: of all that was looked at, groups that were sifted out included
    dropped: tuple[str, ...]  #: problems too large to be rendered, over all processes


@runtime_checkable
class Source(Protocol):
    """Gives a step its groups; called by all processes alike."""

    def collect(self, num_problems: int, on_progress: OnProgress | None = None, *, step: int = 0) -> Collected:
        """Groups of `num_problems` problems over all processes, this process's share of them.

        `step` is how many steps were done before.
        """
        ...


class DemonstrationSource:
    """Worked answers."""

    def __init__(self, drawer: Drawer, renderer: Renderer, preset: PromptPreset) -> None:
        self.drawer = drawer
        self.renderer = renderer
        self.preset = preset

    def collect(self, num_problems: int, on_progress: OnProgress | None = None, *, step: int = 0) -> Collected:
        """The demonstrations of the next problems."""
        drawn = self.drawer.draw(num_problems)
        found = []
        for turn in drawn.turns:
            problem, demonstrations = turn.example.problem, turn.example.demonstrations
            group = demonstration_group(problem, demonstrations, self.renderer, self.preset)
            found.append(StepGroup(number=turn.number, group=group, prompt=turn.prompt))
        lengths = mean_of(len(rollout.token_ids) for each in found for rollout in each.group.rollouts)
        metrics = LossMetrics(means={"response/length_tokens": lengths})
        return Collected(groups=tuple(found), metrics=metrics, dropped=drawn.dropped)


class RolloutSource:
    """Attempts by the policy."""

    def __init__(
        self,
        drawer: Drawer,
        sampler: Sampler,
        preset: PromptPreset,
        rewards: Rewards,
        processes: Processes,
        *,
        num_samples: int,
        dynamic_sampling: DynamicSamplingConfig | None,
    ) -> None:
        self.drawer = drawer
        self.sampler = sampler
        self.preset = preset
        self.rewards = rewards
        self.processes = processes
        self.num_samples = num_samples
        self.dynamic_sampling = dynamic_sampling

    def collect(self, num_problems: int, on_progress: OnProgress | None = None, *, step: int = 0) -> Collected:
        """Attempts at the next problems; under dynamic sampling further ones in place of groups that teach nothing."""
        kept: list[StepGroup] = []
        metrics: list[LossMetrics] = []
        dropped: list[str] = []
        number = num_kept = num_rounds = 0
        while True:
            drawn = self.drawer.draw(num_problems - num_kept, first_number=number)
            requests = [
                SampleRequest(problem=turn.example.problem, num_samples=self.num_samples, visit=turn.visit)
                for turn in drawn.turns
            ]
            groups = self.sampler.sample(requests, purpose=Purpose.TRAIN, on_progress=on_progress)
            groups = graded(groups, self.preset, self.rewards, step=step)
            metrics += [rollout_metrics(groups), reward_metrics(groups, self.rewards.config)]
            dropped += drawn.dropped
            number += drawn.num
            num_rounds += 1
            new = [
                StepGroup(number=turn.number, group=group, prompt=turn.prompt)
                for turn, group in zip(drawn.turns, groups, strict=True)
                if self.dynamic_sampling is None or keeps_group(group)
            ]
            kept += new
            if self.dynamic_sampling is None:
                break
            num_kept += sum(self.processes.gather(len(new)))
            if not wants_another_round(
                self.dynamic_sampling, num_kept=num_kept, num_wanted=num_problems, num_rounds=num_rounds
            ):
                break
        if self.dynamic_sampling is not None and self.processes.is_first:
            metrics.append(LossMetrics(sums={"sampling/num_rounds": total(num_rounds)}))
        return Collected(groups=tuple(kept), metrics=merge_metrics(metrics), dropped=tuple(dropped))
