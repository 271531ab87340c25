"""Worker processes with a hard time limit per task, for checks that may hang, crash or eat memory.

A task is the name of a function in `worker.FUNCTIONS` and its string arguments; what returns is always an
outcome, never an exception of the task. Knows nothing about answers. POSIX only, as `worker` is.

Each process is looked after by one thread of an executor. That makes the pool usable from any thread, serves
callers in turn, and leaves the only waiting to a pipe with a timeout. Processes are fresh interpreters rather
than forks (which torch's threads do not survive) or `multiprocessing` children (which run the user's script
again).
"""

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import Pipe

from synergy.errors import SynergyError

_START_SECONDS = 60.0  # importing sympy takes one second, on a busy machine many
_TASKS_PER_WORKER = 5_000  # sympy's caches grow: a worker is replaced before they matter
_MEMORY_BYTES = 2 * 1024**3

Task = tuple[str, tuple[str, ...]]  #: function name, arguments


class OutcomeStatus(StrEnum):
    """How a task ended."""

    DONE = "done"
    TIMEOUT = "timeout"  #: it was killed at the time limit
    CRASHED = "crashed"  #: its process died, twice


@dataclass(frozen=True)
class Outcome:
    """How a task ended and, where it is done, what the function returned."""

    status: OutcomeStatus
    value: str = ""


class WorkerPool:
    """A pool that starts at the first task and ends at `close`, at the end of a `with` block or at exit."""

    def __init__(self, *, num_workers: int | None = None, limit_seconds: float = 2.0) -> None:
        self._limit_seconds = limit_seconds
        self._executor = ThreadPoolExecutor(num_workers or min(2, os.cpu_count() or 1), "grading")
        self._keepers: list[_Keeper] = []
        self._own = threading.local()
        self._process_id = os.getpid()
        atexit.register(self.close)

    def map(self, tasks: Sequence[Task]) -> list[Outcome]:
        """The outcomes of the tasks, in their order; raises SynergyError where no worker can be started."""
        futures = [self._executor.submit(self._run, task) for task in tasks]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:  # after an interrupt nobody waits for the rest
                future.cancel()

    def close(self) -> None:
        """Stop the workers; what is under way ends first, which takes no longer than its limit."""
        if os.getpid() != self._process_id:
            return  # a forked child's copy: the workers are its parent's
        atexit.unregister(self.close)
        self._executor.shutdown(cancel_futures=True)
        while self._keepers:
            self._keepers.pop().stop()

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _run(self, task: Task) -> Outcome:
        keeper: _Keeper | None = getattr(self._own, "keeper", None)
        if keeper is None:
            keeper = self._own.keeper = _Keeper(self._limit_seconds)
            self._keepers.append(keeper)
        return keeper.run(task)


class _Keeper:
    """One thread's worker process: gives it tasks, kills it at the limit, replaces it when it is spent."""

    def __init__(self, limit_seconds: float) -> None:
        self._limit_seconds = limit_seconds
        self._worker = _Worker(limit_seconds)

    def run(self, task: Task) -> Outcome:
        message = json.dumps(task).encode()
        for _ in range(2):  # a crash may be the machine's doing, so it is tried once more in a fresh process
            try:
                reply = self._worker.ask(message, self._limit_seconds)
            except (EOFError, OSError):
                self._replace()
                continue
            if reply is None:
                self._replace()
                return Outcome(OutcomeStatus.TIMEOUT)
            if self._worker.num_tasks >= _TASKS_PER_WORKER:
                self._replace()
            return Outcome(OutcomeStatus.DONE, reply)
        return Outcome(OutcomeStatus.CRASHED)

    def stop(self) -> None:
        self._worker.kill()

    def _replace(self) -> None:
        # The new process starts while the old one's outcome is on its way: the next task waits less.
        self._worker.kill()
        self._worker = _Worker(self._limit_seconds)


class _Worker:
    """A process running `synergy.grading.worker` at the other end of a pipe of JSON messages."""

    def __init__(self, limit_seconds: float) -> None:
        self.num_tasks = 0
        self._ready = False
        self._deadline = time.monotonic() + _START_SECONDS
        self._pipe, remote = Pipe()
        command = [sys.executable, "-P", "-m", "synergy.grading.worker"]
        arguments = [str(remote.fileno()), str(limit_seconds), str(_MEMORY_BYTES)]
        # -P and the path: the worker imports what this process would, and nothing from the current folder.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with remote:
            self._process = subprocess.Popen(
                command + arguments,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[remote.fileno()],
            )

    def ask(self, message: bytes, limit_seconds: float) -> str | None:
        """The reply to a task, None at the time limit; raises EOFError or OSError where the process died."""
        if not self._ready:
            self._wait_until_ready()
        self.num_tasks += 1
        self._pipe.send_bytes(message)
        return self._pipe.recv_bytes().decode() if self._pipe.poll(limit_seconds) else None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._pipe.close()

    def _wait_until_ready(self) -> None:
        """A worker that cannot start is our error, never a verdict on the task it was meant for."""
        with contextlib.suppress(EOFError, OSError):
            if self._pipe.poll(max(0.0, self._deadline - time.monotonic())):
                self._ready = self._pipe.recv_bytes() == b"ready"
        if not self._ready:
            raise SynergyError(
                f"a grading worker did not start within {_START_SECONDS:.0f} s (exit status "
                f"{self._process.poll()}); its error output stands above; check that "
                f"'{sys.executable} -c \"import math_verify\"' works"
            )


_shared: list[WorkerPool] = []
_shared_lock = threading.Lock()


def shared_pool() -> WorkerPool:
    """This process's own pool, made at the first call and closed at exit."""
    with _shared_lock:
        if not _shared:
            _shared.append(WorkerPool())
        return _shared[0]


def _forget_shared_pool() -> None:
    """A forked child has the pool's objects but none of its threads: it makes its own when it needs one."""
    _shared.clear()
    _shared_lock.release()


os.register_at_fork(
    before=_shared_lock.acquire, after_in_parent=_shared_lock.release, after_in_child=_forget_shared_pool
)
