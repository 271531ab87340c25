"""Where a step's groups come from: demonstrations as they are, or attempts that are sampled, graded and sifted."""

from synergy.algorithms.dynamic_sampling import keeps_group, wants_another_round
from synergy.config.algorithm_sections import DynamicSamplingConfig
from synergy.models.rendering import Renderer
from synergy.prompts import PromptPreset
from synergy.training.attempts import Attempts
from synergy.training.demonstrations import demonstration_group
from synergy.training.draw import Drawer
from synergy.training.metrics import LossMetrics, merge_metrics
from synergy.training.processes import Processes
from synergy.training.rollout_metrics import mean_of, total
from synergy.training.source import Collected, OnProgress
from synergy.training.step_groups import StepGroup


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
        attempts: Attempts,
        processes: Processes,
        *,
        dynamic_sampling: DynamicSamplingConfig | None,
    ) -> None:
        self.drawer = drawer
        self.attempts = attempts
        self.processes = processes
        self.dynamic_sampling = dynamic_sampling

    def collect(self, num_problems: int, on_progress: OnProgress | None = None, *, step: int = 0) -> Collected:
        """Attempts at the next problems; under dynamic sampling further ones in place of groups that teach nothing."""
        kept: list[StepGroup] = []
        metrics: list[LossMetrics] = []
        dropped: list[str] = []
        number = num_kept = num_rounds = 0
        while True:
            drawn = self.drawer.draw(num_problems - num_kept, first_number=number)
            groups = self.attempts.at(drawn.turns, on_progress, step=step)
            metrics.append(self.attempts.metrics(groups))
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
