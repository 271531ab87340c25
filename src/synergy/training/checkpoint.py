"""Checkpoints: folders that appear by rename when they are whole, with a checksum of every file in them.

`step_000050/` holds weights, optimiser state and the run's state as safetensors and JSON, and `checksums.json`. What
is torn is passed over for the one before. Knows nothing of what is in the tensors.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from synergy.errors import FileError

_CHECKSUMS, _STATE = "checksums.json", "state.json"
_NAME = re.compile(r"^step_(\d{6,})$")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint on disk whose files are whole."""

    folder: Path
    step: int

    def state(self) -> Any:
        """The JSON value that was saved."""
        return json.loads((self.folder / _STATE).read_text(encoding="utf-8"))

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors that were saved under a name."""
        return load_file(self.folder / f"{name}.safetensors")


def save_checkpoint(
    folder: Path,
    step: int,
    tensors: Mapping[str, Mapping[str, Tensor]],
    state: Any,
    *,
    files: Sequence[Path] = (),
) -> Checkpoint:
    """Write `folder/step_…` with a file per name in `tensors`, the state, and links to `files`.

    Raises FileError where it cannot be written, as on a full disk; earlier checkpoints are as they were then.
    """
    target = folder / f"step_{step:06d}"
    partial = folder / f"{target.name}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name, values in tensors.items():
            save_file({key: value.contiguous() for key, value in values.items()}, partial / f"{name}.safetensors")
        for file in files:
            os.link(file, partial / file.name)
        (partial / _STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
        sums = {file.name: _sha256(file) for file in sorted(partial.iterdir())}
        (partial / _CHECKSUMS).write_text(json.dumps(sums, indent=1), encoding="utf-8")
        for file in partial.iterdir():
            _sync(file)
        shutil.rmtree(target, ignore_errors=True)  # a torn one of the same step
        partial.replace(target)
        _sync(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise FileError(
            f"{target}: the checkpoint cannot be written ({getattr(error, 'strerror', None) or error}); earlier ones "
            "are as they were: make room and run the same command again"
        ) from error
    return Checkpoint(folder=target, step=step)


def newest_checkpoint(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest whole checkpoint in a folder, None where there is none; and what is wrong with those after it.

    Raises FileError where there are checkpoints and all of them are torn.
    """
    faults = []
    for step, path in reversed(_found(folder)):
        fault = _fault(path)
        if fault is None:
            return Checkpoint(folder=path, step=step), faults
        faults.append(f"{path}: {fault}")
    if faults:
        raise FileError(f"{'; '.join(faults)}; expected a whole checkpoint: remove the run's folder to start over")
    return None, []


def remove_old_checkpoints(folder: Path, num_kept: int) -> None:
    """Leave the newest so many, and nothing half written."""
    for _, path in _found(folder)[:-num_kept]:
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob("step_*.partial"):
        shutil.rmtree(path, ignore_errors=True)


def _found(folder: Path) -> list[tuple[int, Path]]:
    """Steps and folders, oldest first."""
    if not folder.is_dir():
        return []
    matches = [(_NAME.match(path.name), path) for path in folder.iterdir()]
    return sorted((int(match[1]), path) for match, path in matches if match)


def _fault(folder: Path) -> str | None:
    """What is wrong with a checkpoint; None where it is whole."""
    try:
        sums = json.loads((folder / _CHECKSUMS).read_text(encoding="utf-8"))
        torn = [name for name, expected in sums.items() if _sha256(folder / name) != expected]
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, AttributeError) as error:
        return f"cannot be read ({error})"
    return f"{', '.join(torn)} does not have its checksum" if torn else None


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
