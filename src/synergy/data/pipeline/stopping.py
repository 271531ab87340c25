"""Ending a run of many threads: the first error stops them all, what is under way is finished first."""

import threading


class Stopped(Exception):
    """This thread's work ends because another's failed, or the user interrupted it; never shown."""


class Stop:
    """Shared by all threads."""

    def __init__(self) -> None:
        self.error: BaseException | None = None  #: the first; None where nothing failed
        self._lock = threading.Lock()
        self._event = threading.Event()

    @property
    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._event.is_set()

    def set(self, error: BaseException | None = None) -> None:
        """End the run."""
        with self._lock:
            if not self._event.is_set():
                self.error = error
            self._event.set()

    def check(self) -> None:
        """Raise Stopped where the run is to end."""
        if self.is_set:
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the end of the run: raises Stopped then."""
        if seconds > 0 and self._event.wait(seconds):
            raise Stopped
