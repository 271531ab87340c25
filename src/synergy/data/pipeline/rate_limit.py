"""A token bucket: so many units a minute, spread evenly after a short burst."""

import threading
import time
from collections.abc import Callable

_BURST_SECONDS = 1.0  #: what an idle minute saves up, so that a start does not look like an attack


class TokenBucket:
    """Units are promised in the order in which they are asked for; `take` says how long to wait for them."""

    def __init__(self, per_minute: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        """None for no limit."""
        self._per_second = None if per_minute is None else per_minute / 60
        self._clock = clock
        self._lock = threading.Lock()
        self._filled = 0.0  #: units at `_at`; below 0 where they are promised ahead
        self._at = clock()
        self._filled = self._most

    @property
    def _most(self) -> float:
        return max(1.0, (self._per_second or 0.0) * _BURST_SECONDS)

    def take(self, num: float = 1.0) -> float:
        """Take units and return the seconds to wait until they are there."""
        if self._per_second is None:
            return 0.0
        with self._lock:
            self._fill(self._per_second)
            self._filled -= num
            return max(0.0, -self._filled / self._per_second)

    def give_back(self, num: float) -> None:
        """Return units that were taken and not used; a negative number takes what was used beyond."""
        if self._per_second is not None:
            with self._lock:
                self._fill(self._per_second)
                self._filled = min(self._most, self._filled + num)

    def _fill(self, per_second: float) -> None:
        now = self._clock()
        self._filled = min(self._most, self._filled + (now - self._at) * per_second)
        self._at = now
