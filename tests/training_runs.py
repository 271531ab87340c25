"""Configs of very small runs, and a process of its own that is killed and started again."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: what several processes need to find each other
SINGLE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def sft_config(checkpoint: Path, **sections: Any) -> dict[str, Any]:
    """Imitation of short traces in three steps."""
    return _over(
        {
            "kind": "train",
            "model": {"checkpoint": str(checkpoint)},
            "data": {"source": "pocket", "num_problems": 12, "trace": "short"},
            "prompt": "boxed",
            "algorithm": {"name": "sft"},
            "optimizer": {"learning_rate": 1e-3, "weight_decay": 0.1, "schedule": "cosine"},
            "train": {"num_steps": 3, "problems_per_step": 4, "checkpoint_every_steps": 1},
        },
        sections,
    )


def grpo_config(checkpoint: Path, **sections: Any) -> dict[str, Any]:
    """Attempts of an untrained model, which earn by being short: they end with the first `a`, `e` or `i`."""
    return _over(
        {
            "kind": "train",
            "model": {"checkpoint": str(checkpoint)},
            "data": {"source": "pocket", "num_problems": 12},
            "prompt": "boxed",
            "algorithm": {"name": "grpo", "overlong": {"max_tokens": 10, "cache_tokens": 9}},
            "optimizer": {"learning_rate": 1e-3},
            "sampling": {"max_tokens": 10, "stop": ["a", "e", "i", "o"]},
            "train": {
                "num_steps": 4,
                "problems_per_step": 4,
                "samples_per_problem": 4,
                "checkpoint_every_steps": 1,
            },
        },
        sections,
    )


def write_config(folder: Path, config: Mapping[str, Any], name: str = "run") -> Path:
    """The config as a file."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(config))
    return path


def launch(config: Path, out: Path, *options: str, num_processes: int = 1) -> subprocess.CompletedProcess[str]:
    """`synergy train` in processes of its own."""
    start = [sys.executable, "-m", "synergy"]
    if num_processes > 1:
        torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={num_processes}"]
        start = [sys.executable, *torchrun, "-m", "synergy"]
    command = [*start, "train", str(config), "--out", str(out), *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=SINGLE_THREAD)


def metric_lines(out: Path, kind: str = "train") -> list[dict[str, Any]]:
    """The lines of a run's metrics.jsonl of one kind."""
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] == kind]


def _over(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in values.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return merged
