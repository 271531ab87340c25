"""Where the groups of `progressive` come from: attempts, and attempts that go on from the beginning of a trace.

A problem that failed is attempted again, in the same step, behind the first tokens of its demonstration. Their random
numbers are others than those of the unguided attempts, as the beginning is part of the stream's key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synergy.algorithms.mixed_groups import has_failed
from synergy.algorithms.progressive import given_fraction, num_given_tokens
from synergy.config.mixing import ProgressiveConfig
from synergy.models.rendering import Renderer
from synergy.records import Rollout, RolloutGroup, SampleRequest
from synergy.training.attempts import Attempts
from synergy.training.demonstrations import demonstration_group
from synergy.training.draw import Drawer, Turn
from synergy.training.metrics import LossMetrics, merge_metrics
from synergy.training.mix_metrics import guided_metrics, prefix_metrics, problem_metrics
from synergy.training.rollout_metrics import mean_of
from synergy.training.source import Collected, OnProgress
from synergy.training.step_groups import StepGroup


@dataclass(frozen=True, kw_only=True, eq=False)
class _Beginning:
    """What is given of one problem's demonstration; at least one token."""

    rollout: Rollout
    num_whole_tokens: int  #: of the demonstration

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing left to go on with: plain SFT."""
        return len(self.rollout.token_ids) == self.num_whole_tokens


class ProgressiveSource:
    """Attempts; behind those of a failed problem what was given of its trace, and the attempts which it guided."""

    def __init__(
        self, drawer: Drawer, attempts: Attempts, renderer: Renderer, config: ProgressiveConfig, *, num_steps: int
    ) -> None:
        """`num_steps` is the run's, over which the schedule goes."""
        self.drawer = drawer
        self.attempts = attempts
        self.renderer = renderer
        self.config = config
        self.num_steps = num_steps

    def collect(self, num_problems: int, on_progress: OnProgress | None = None, *, step: int = 0) -> Collected:
        """Attempts at the next problems, and guided ones at those that failed."""
        drawn = self.drawer.draw(num_problems)
        groups = self.attempts.at(drawn.turns, on_progress, step=step)
        fraction = given_fraction(self.config.guidance, step=step, num_steps=self.num_steps)
        failed = [has_failed(group, self.config) for group in groups]
        given = [
            self._beginning(turn, fraction) if has else None for turn, has in zip(drawn.turns, failed, strict=True)
        ]
        guided = self._guided(drawn.turns, given, on_progress, step=step)
        found = [
            StepGroup(number=turn.number, group=_joined(group, each, guided.get(turn.number)), prompt=turn.prompt)
            for turn, group, each in zip(drawn.turns, groups, given, strict=True)
        ]
        parts = [
            self.attempts.metrics(groups),
            problem_metrics(failed, [each is not None for each in given]),
            prefix_metrics([(len(each.rollout.token_ids), each.num_whole_tokens) for each in given if each]),
            guided_metrics(list(guided.values())),
            # in every step, also where no problem failed; the same on all processes
            LossMetrics(means={"mix/scheduled_fraction": mean_of([fraction])}),
        ]
        return Collected(groups=tuple(found), metrics=merge_metrics(parts), dropped=drawn.dropped)

    def _beginning(self, turn: Turn, fraction: float) -> _Beginning | None:
        """The first tokens of a demonstration, by turns where there are several; None where that is no token."""
        problem, demonstrations = turn.example.problem, turn.example.demonstrations
        chosen = demonstrations[turn.visit % len(demonstrations)]
        (whole,) = demonstration_group(problem, [chosen], self.renderer, self.attempts.preset).rollouts
        num = num_given_tokens(fraction, len(whole.token_ids))
        if not num:
            return None
        ids = whole.token_ids[:num]
        text = whole.text if num == len(whole.token_ids) else self.renderer.tokenizer.decode(ids)
        rollout = replace(whole, token_ids=ids, text=text, num_guided_tokens=num)
        return _Beginning(rollout=rollout, num_whole_tokens=len(whole.token_ids))

    def _guided(
        self,
        turns: Sequence[Turn],
        given: Sequence[_Beginning | None],
        on_progress: OnProgress | None,
        *,
        step: int,
    ) -> dict[int, RolloutGroup]:
        """Guided attempts, graded, by the number of the problem's turn."""
        open_turns = [
            (turn, each.rollout)
            for turn, each in zip(turns, given, strict=True)
            if each is not None and not each.is_whole
        ]
        requests = [
            SampleRequest(
                problem=turn.example.problem,
                num_samples=self.config.num_guided,
                visit=turn.visit,
                prefix=rollout.token_ids,
            )
            for turn, rollout in open_turns
        ]
        groups = self.attempts.of(requests, on_progress, step=step)
        return {turn.number: group for (turn, _), group in zip(open_turns, groups, strict=True)}


def _joined(group: RolloutGroup, given: _Beginning | None, guided: RolloutGroup | None) -> RolloutGroup:
    """One group as `synergy.algorithms.mixed_groups` reads it."""
    rollouts = group.rollouts
    if given is not None:
        rollouts = (*rollouts, given.rollout)
    if guided is not None:
        rollouts = (*rollouts, *guided.rollouts)
    return replace(group, rollouts=rollouts)
