"""A data set as training sees it: examples by index, each made when it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from synergy.records import Demonstration, Problem


@dataclass(frozen=True, kw_only=True)
class Example:
    """A problem and the worked answers to it, if there are any."""

    problem: Problem
    demonstrations: tuple[Demonstration, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)  #: all texts that its row holds, by column


@runtime_checkable
class Examples(Protocol):
    """A data set that was checked when it was opened; images are decoded at each access."""

    @property
    def ids(self) -> Sequence[str]:
        """The problems' ids, all different."""
        ...

    @property
    def has_demonstrations(self) -> bool:
        """Whether every problem has at least one demonstration."""
        ...

    def __len__(self) -> int:
        """How many examples."""
        ...

    def __getitem__(self, index: int) -> Example:
        """The example at an index from 0."""
        ...
