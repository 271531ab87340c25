"""Who is told how a study goes on."""

from typing import Protocol

from synergy.evaluation.answerer import OnProgress
from synergy.recipes.step import Step
from synergy.training.watchers import Watcher


class StudyWatcher(Watcher, Protocol):
    """Is told of steps, and as `Watcher` of what goes on in a training step."""

    def begins(self, step: Step, number: int, num: int, *, goes_on: bool) -> None:
        """Step `number` (from 1) of `num` that are missing begins, or goes on after an interruption."""
        ...

    def stage(self, name: str, num_done: int, num: int) -> None:
        """So much of a part of the current step is done."""
        ...

    def sampling_of(self, num_before: int, num_responses: int) -> OnProgress:
        """An evaluation samples: so many responses are there of so many; returns what is told of those under way."""
        ...

    def warned(self, line: str) -> None:
        """Something that watches a training warns."""
        ...

    def finished(self, step: Step, seconds: float) -> None:
        """A step is done and in its place."""
        ...
