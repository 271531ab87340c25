"""Memory of this process: on its GPU where it has one, else resident in main memory."""

import resource
import sys
from pathlib import Path

import psutil
import torch


def in_use_bytes() -> int:
    """At this moment."""
    if torch.cuda.is_available():
        return torch.cuda.memory_allocated()
    return psutil.Process().memory_info().rss


def peak_bytes() -> int:
    """The most so far.

    Linux's own count of a process's memory is preferred: `ru_maxrss` starts from what the parent had.
    """
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
