"""How far a run is, for displays: counted by its threads, read by one that shows it."""

import threading
import time
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What happened since the start."""

    num_samples: int  #: of the pipeline
    num_done_before: int  #: samples that earlier starts finished
    num_done: int = 0  #: finished now
    num_dropped: int = 0  #: of these
    num_failed: int = 0  #: of these: without an answer
    num_asked: int = 0  #: requests that were answered
    num_found: int = 0  #: replies that were there already
    num_retries: int = 0  #: tries that failed and were repeated
    num_tokens: int = 0  #: of answered requests
    cost: float = 0.0  #: of answered requests
    cost_before: float = 0.0  #: of all replies that were in the file
    seconds: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first sample."""
        left = self.num_samples - self.num_done_before - self.num_done
        return self.seconds / self.num_done * left if self.num_done else None


@dataclass(eq=False)
class Counts:
    """The counter; threads may share it."""

    progress: Progress
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: float = field(default_factory=time.monotonic)

    def add(self, **amounts: float) -> None:
        """Add to counters by name."""
        with self._lock:
            now = {name: getattr(self.progress, name) + amount for name, amount in amounts.items()}
            self.progress = replace(self.progress, **now)

    def snapshot(self) -> Progress:
        """As it is now."""
        with self._lock:
            return replace(self.progress, seconds=time.monotonic() - self._started)
