"""What gives a step its groups."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from synergy.training.metrics import LossMetrics
from synergy.training.step_groups import StepGroup

OnProgress = Callable[[int, int], None]  #: told of responses finished and tokens sampled so far


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
