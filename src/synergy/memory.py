"""Memory of this process: the most that it held lately, and giving back what it no longer uses."""

import ctypes
import gc
import resource
import sys
from contextlib import suppress
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_bytes() -> int:
    """The most that was held since `restart_peak`: on the GPU where torch has one, else resident in main memory.

    Where the system cannot count anew (all but Linux, and some containers) it is the most since the process began.
    """
    torch = sys.modules.get("torch")  # what has not imported it has nothing on a GPU
    if torch is not None and torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, others KiB


def restart_peak() -> None:
    """Let the peak begin anew at what is held now."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    else:
        with suppress(OSError):  # no Linux, or a container whose /proc is not to be written: the peak stays the old one
            _CLEAR.write_text("5")


def give_back() -> None:
    """Drop objects that only refer to each other, and return free pages to the system where its library is glibc.

    Tensors of ever other sizes leave gaps in glibc's heap, which it keeps: after four steps of GRPO on the pocket they
    were 1.2 of 1.9 GB.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
