"""Where the groups of `interleaved` come from: attempts, and demonstrations of problems whose attempts failed."""

from dataclasses import replace

from synergy.algorithms.mixed_groups import has_failed
from synergy.config.mixing import InterleavedConfig
from synergy.models.rendering import Renderer
from synergy.training.attempts import Attempts
from synergy.training.demonstrations import demonstration_group
from synergy.training.draw import Drawer
from synergy.training.metrics import merge_metrics
from synergy.training.mix_metrics import problem_metrics
from synergy.training.source import Collected, OnProgress
from synergy.training.step_groups import StepGroup


class InterleavedSource:
    """Attempts, and behind them the problem's demonstrations where it is to be imitated."""

    def __init__(self, drawer: Drawer, attempts: Attempts, renderer: Renderer, config: InterleavedConfig) -> None:
        self.drawer = drawer
        self.attempts = attempts
        self.renderer = renderer
        self.config = config

    def collect(self, num_problems: int, on_progress: OnProgress | None = None, *, step: int = 0) -> Collected:
        """Attempts at the next problems, and demonstrations of those that failed, or of all."""
        drawn = self.drawer.draw(num_problems)
        groups = self.attempts.at(drawn.turns, on_progress, step=step)
        failed = [has_failed(group, self.config) for group in groups]
        imitated = [each or self.config.sft_on == "all" for each in failed]
        found = []
        for turn, group, imitates in zip(drawn.turns, groups, imitated, strict=True):
            if imitates:
                given = demonstration_group(
                    turn.example.problem, turn.example.demonstrations, self.renderer, self.attempts.preset
                )
                group = replace(group, rollouts=(*group.rollouts, *given.rollouts))
            found.append(StepGroup(number=turn.number, group=group, prompt=turn.prompt))
        metrics = merge_metrics([self.attempts.metrics(groups), problem_metrics(failed, imitated)])
        return Collected(groups=tuple(found), metrics=metrics, dropped=drawn.dropped)
