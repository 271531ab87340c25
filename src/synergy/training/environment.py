"""What a run ran on: versions of packages, hardware, processes."""

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import torch

from synergy import __version__
from synergy.training.processes import Processes

_PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "peft", "datasets", "math-verify", "vllm")


def environment(processes: Processes) -> dict[str, Any]:
    """A JSON object for one start of a run."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "synergy": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name)) is not None},
        "cpu_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu_threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
        "num_processes": processes.num,
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
