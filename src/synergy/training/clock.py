"""How long a step takes, and its parts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StepClock:
    """Seconds since it was made, and of the parts that were measured."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._parts: dict[str, float] = {}

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Measure what is done inside."""
        start = time.perf_counter()
        yield
        self._parts[part] = time.perf_counter() - start

    def total(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._start

    def seconds(self) -> dict[str, float]:
        """As metrics: `time/PART_seconds`, and `time/step_seconds` of all."""
        parts = {f"time/{part}_seconds": seconds for part, seconds in self._parts.items()}
        return {**parts, "time/step_seconds": self.total()}
