"""The folder of one run: what is in it, who may write to it, and whether it is finished.

`config.json` resolved config · `environment.json` versions and hardware of every start · `metrics.jsonl` ·
`checkpoints/` · `rollouts/` a few attempts of each evaluation · `warnings.json`, where something watched and warned ·
`model/` Hugging Face folder · `summary.json`, written last.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synergy.config.diff import diff
from synergy.config.load import load
from synergy.config.resolve import config_hash, write_resolved
from synergy.config.train import TrainConfig
from synergy.errors import FileError, InputError

_CONFIG = "config.json"


class RunFolder:
    """Paths of a run, and its small files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.best = self.checkpoints / "best.safetensors"
        self.model = path / "model"
        self.metrics = path / "metrics.jsonl"
        self.rollouts = path / "rollouts"
        self.replay = path / "replay"
        self.environment = path / "environment.json"
        self.warnings = path / "warnings.json"
        self.summary = path / "summary.json"

    @property
    def is_finished(self) -> bool:
        """Whether the run is over and its model is written."""
        return self.summary.exists()

    @property
    def has_begun(self) -> bool:
        """Whether anything was measured in it."""
        return self.metrics.exists()

    def read_summary(self) -> dict[str, Any]:
        """What came out of a finished run; raises FileError where it cannot be read."""
        try:
            return json.loads(self.summary.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FileError(f"{self.summary}: cannot be read ({error}); expected that of a finished run") from None

    def check(self, config: TrainConfig) -> None:
        """Raise InputError where the folder holds anything but this very run; one that has not begun is fine."""
        stored = self.path / _CONFIG
        if stored.exists():
            if self.has_begun:
                _check_same(self.path, load(stored, TrainConfig), config)
        elif self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise InputError(f"{self.path} exists and holds no run; expected a new folder: give another --out")

    def create(self, config: TrainConfig) -> None:
        """Make the folder of a checked run; raises FileError where that fails."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(
                f"{self.path}: cannot be made ({error.strerror}); expected a writable place: give another --out"
            ) from None
        if not self.has_begun:
            write_resolved(config, self.path / _CONFIG)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands out; the lock goes with the process, however that ends. Raises InputError if locked."""
        with (self.path / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"{self.path}: another process is training there; expected to be alone: wait, or give another --out"
                ) from None
            yield

    def forget_after(self, step: int) -> None:
        """Drop the lines of metrics.jsonl, and the rollouts, of steps after `step`: they will come again."""
        if self.metrics.exists():
            lines = self.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
            write_text(self.metrics, "".join(kept))
        for path in self.rollouts.glob("step_*.parquet"):
            if int(path.stem.removeprefix("step_")) > step:
                path.unlink()

    def append_metrics(self, line: Mapping[str, Any]) -> None:
        """Add a line to metrics.jsonl; raises FileError where that fails."""
        try:
            with self.metrics.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise FileError(
                f"{self.metrics}: cannot be written ({error.strerror}); make room and run the same command again"
            ) from None


def write_text(path: Path, text: str) -> None:
    """Write a small file so that a reader finds the old or the new one; raises FileError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FileError(
            f"{path}: cannot be written ({error.strerror}); make room and run the same command again"
        ) from None


def write_json(path: Path, value: Any) -> None:
    """The same for a JSON value, indented for people."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _check_same(path: Path, stored: TrainConfig, config: TrainConfig) -> None:
    if config_hash(stored) == config_hash(config):
        return
    differences = diff(stored, config)
    shown = ", ".join(f"{each.path}: {_short(each.left)} there, {_short(each.right)} here" for each in differences[:3])
    more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
    raise InputError(
        f"{path} holds a run of another config ({shown}{more}); expected the same one: give another --out or remove it"
    )


def _short(value: object) -> str:
    text = str(getattr(value, "value", value))
    return text if len(text) <= 40 else f"{text[:37]}..."


def default_folder(config_path: Path, config: TrainConfig) -> Path:
    """`runs/NAME-HASH`: another config, by file or by override, goes to another folder."""
    return Path("runs") / f"{config_path.stem}-{config_hash(config)[:8]}"
