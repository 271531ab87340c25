"""Who is told while a run goes on: a display, a tracker. None of them can change the run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

Metrics = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Start:
    """What is known when training begins or goes on."""

    run: str  #: the run folder's name
    step: int  #: steps done before
    num_steps: int
    notes: Sequence[str]  #: what the reader should know, such as checkpoints that were passed over


@runtime_checkable
class Watcher(Protocol):
    """Is told of a run by its first process."""

    def started(self, start: Start) -> None:
        """Training begins, or goes on after an interruption."""
        ...

    def sampling(self, num_responses: int, num_tokens: int) -> None:
        """So many responses and tokens of the coming step, or of an evaluation, were sampled so far."""
        ...

    def stepped(self, step: int, metrics: Metrics) -> None:
        """A step is done."""
        ...

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """The policy after `step` steps was evaluated."""
        ...

    def ended(self, message: str) -> None:
        """The run is over, or was stopped."""
        ...


class Watchers:
    """Several as one."""

    def __init__(self, members: Iterable[Watcher]) -> None:
        self.members = list(members)

    def started(self, start: Start) -> None:
        """As `Watcher.started`, and so on below."""
        for member in self.members:
            member.started(start)

    def sampling(self, num_responses: int, num_tokens: int) -> None:
        """To all."""
        for member in self.members:
            member.sampling(num_responses, num_tokens)

    def stepped(self, step: int, metrics: Metrics) -> None:
        """To all."""
        for member in self.members:
            member.stepped(step, metrics)

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """To all."""
        for member in self.members:
            member.evaluated(step, metrics)

    def ended(self, message: str) -> None:
        """To all."""
        for member in self.members:
            member.ended(message)
