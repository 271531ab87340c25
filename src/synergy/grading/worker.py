"""A grading worker: a process that answers one task at a time until its pipe closes.

Started by `pool` as `python -m synergy.grading.worker FD LIMIT_SECONDS MEMORY_BYTES`. Only the functions
named here can be called, messages are JSON, and the process bounds itself: memory always, and time in case
nobody is left to kill it.
"""

import contextlib
import json
import logging
import resource
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

from synergy.grading.symbolic import expressions_equal

FUNCTIONS: dict[str, Callable[..., str]] = {"expressions_equal": expressions_equal}


def serve(pipe: Connection, limit_seconds: float) -> None:
    """Answer tasks until the other end closes the pipe."""
    pipe.send_bytes(b"ready")
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, arguments = json.loads(pipe.recv_bytes())
            # Well after the pool's own limit; the signal's default action ends the process inside C code too.
            signal.setitimer(signal.ITIMER_REAL, 2 * limit_seconds)
            reply = FUNCTIONS[function](*arguments)
            signal.setitimer(signal.ITIMER_REAL, 0)
            pipe.send_bytes(reply.encode())


def main() -> None:
    """Bound this process, then serve."""
    descriptor, limit_seconds, memory_bytes = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    with contextlib.suppress(ValueError, OSError):  # not every platform lets a process bound its address space
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, whose end closes the pipe
    logging.disable()  # math-verify warns about the time limits that the pool replaces
    serve(Connection(descriptor), limit_seconds)


if __name__ == "__main__":
    main()
