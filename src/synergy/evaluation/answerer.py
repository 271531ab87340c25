"""What answers the problems of an evaluation."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from synergy.evaluation.responses import Response
from synergy.records import Problem

#: told of responses finished and tokens sampled so far
OnProgress = Callable[[int, int], None]


class Answerer(Protocol):
    """Answers problems as a protocol says."""

    def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
        """The responses of all runs, by problem and run."""
        ...

    def prompt(self, problem: Problem) -> Any:
        """What is sent for a problem, images apart: a text, or the messages of a chat."""
        ...
