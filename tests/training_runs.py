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


def kill(config: Path, folder: Path, *, num_runs: int, kills_per_run: int, seed: int) -> list[dict[str, Any]]:
    """Train undisturbed, and again with kills at random moments (`training_kills`); what each such run came to."""
    script = Path(__file__).with_name("training_kills.py")
    arguments = [str(config), str(folder), str(num_runs), str(kills_per_run), str(seed)]
    result = subprocess.run(
        [sys.executable, str(script), *arguments], check=False, capture_output=True, text=True, env=SINGLE_THREAD
    )
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def assert_same_run(out: Path, undisturbed: Path) -> None:
    """Equal weights and moments, bit by bit, and equal metrics and state but for times and memory."""
    assert (out / "model/model.safetensors").read_bytes() == (undisturbed / "model/model.safetensors").read_bytes()
    last = [sorted((folder / "checkpoints").glob("step_*"))[-1] for folder in (out, undisturbed)]
    for name in ("weights", "optimizer"):
        files = [checkpoint / f"{name}.safetensors" for checkpoint in last]
        assert files[0].read_bytes() == files[1].read_bytes()
    for kind in ("train", "evaluation"):
        ours, theirs = (_without_times(metric_lines(folder, kind)) for folder in (out, undisturbed))
        assert ours == theirs
    states = [json.loads((checkpoint / "state.json").read_text()) for checkpoint in last]
    for state in states:
        for key in ("training_seconds", "evaluation_seconds", "peak_memory_bytes"):
            state["ledger"].pop(key)
    assert states[0] == states[1]


def _without_times(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if "second" not in key} for line in lines]


def _over(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in values.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return merged
