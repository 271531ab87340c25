"""What a result was measured on: date, hardware, versions, threads; and how fast the machine multiplies matrices."""

import subprocess
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from synergy.cpu_linear import linear
from synergy.training.environment import environment
from synergy.training.processes import Processes
from versus_trl.pairs import seconds_of
from versus_trl.setting import Machine

_REPEATS = 10


def describe() -> dict[str, Any]:
    """A JSON object."""
    found = environment(Processes())
    for name in ("trl", "accelerate"):
        found["packages"][name] = metadata.version(name)
    return {**found, "cpu": _cpu_name(), "commit": _commit()}


def _cpu_name() -> str | None:
    """As Linux names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else None


def _commit() -> str | None:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def multiply_adds_per_second(machine: Machine, rows: int, inner: int, columns: int) -> float:
    """Of a product of two matrices, the fastest of some."""
    dtype: torch.dtype = getattr(torch, machine.dtype)
    left = torch.randn(rows, inner, device=machine.device, dtype=dtype)
    right = torch.randn(columns, inner, device=machine.device, dtype=dtype)
    # by whatever is faster here: ours may be another library's
    products = [partial(product, left, right) for product in (functional.linear, linear)]
    seconds = min(seconds_of(product) for product in products for _ in range(_REPEATS))
    return rows * inner * columns / seconds
