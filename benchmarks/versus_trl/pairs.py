"""Two sides timed in turns, A B A B …, in one process: what slows the machine for a while slows both.

Knows nothing of models. A side that owns its loop, as a trainer does, takes part through a callback after each step.
"""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Seconds of each side's turns, warm-up left out; the n-th of one belongs to the n-th of the other."""

    ours_seconds: tuple[float, ...]
    theirs_seconds: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """Theirs over ours, pair by pair: how many times faster we were."""
        return [theirs / ours for ours, theirs in zip(self.ours_seconds, self.theirs_seconds, strict=True)]

    def summary(self) -> dict[str, Any]:
        """Medians, and the median ratio with the smallest and largest, as JSON values."""
        return {
            "ours_seconds": statistics.median(self.ours_seconds),
            "theirs_seconds": statistics.median(self.theirs_seconds),
            "ratio": statistics.median(self.ratios),
            "ratio_range": [min(self.ratios), max(self.ratios)],
            "all_ours_seconds": list(self.ours_seconds),
            "all_theirs_seconds": list(self.theirs_seconds),
        }


class Turns:
    """Hands the machine to and fro: `end` is called after each of their turns and takes ours in between."""

    def __init__(self, ours: Callable[[], object], *, num_turns: int) -> None:
        self.ours = ours
        self.num_turns = num_turns
        self.ours_seconds: list[float] = []
        self.theirs_seconds: list[float] = []
        self._started = 0.0

    def begin(self) -> None:
        """Their turn begins only now: what they did since our last turn is not counted."""
        self._started = now()

    def end(self) -> None:
        """Their turn is over."""
        self.theirs_seconds.append(now() - self._started)
        if len(self.theirs_seconds) < self.num_turns:
            self.take_ours()

    def take_ours(self) -> None:
        """Our turn; theirs begins with its end."""
        gc.collect()
        self.begin()
        self.ours()
        self.ours_seconds.append(now() - self._started)
        gc.collect()
        self.begin()


def alternate(
    ours: Callable[[], object], theirs: Callable[[Turns], None], *, num_pairs: int, num_warmup: int = 1
) -> Pairs:
    """Time both sides, ours first; `theirs` takes `num_warmup + num_pairs` turns and calls `end` after each."""
    turns = Turns(ours, num_turns=num_warmup + num_pairs)
    turns.take_ours()
    theirs(turns)
    assert len(turns.ours_seconds) == len(turns.theirs_seconds) == turns.num_turns, "each side takes all its turns"
    return Pairs(
        ours_seconds=tuple(turns.ours_seconds[num_warmup:]),
        theirs_seconds=tuple(turns.theirs_seconds[num_warmup:]),
    )


def repeated(work: Callable[[], object]) -> Callable[[Turns], None]:
    """A plain function as the other side of `alternate`."""

    def take_turns(turns: Turns) -> None:
        for _ in range(turns.num_turns):
            work()
            turns.end()

    return take_turns


def seconds_of(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = now()
    work()
    return now() - started


def now() -> float:
    """Seconds on a clock, once a GPU has done what it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
