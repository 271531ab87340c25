"""One file of weights, replaced as a whole: a checkpoint that links to the old one keeps it."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from synergy.errors import FileError


def write_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write the file; raises FileError where that fails, and then the old one is as it was."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(dict(weights), partial)
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise FileError(f"{path}: cannot be written ({error}); make room and run the same command again") from error


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights; raises FileError where the file is torn or missing."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise FileError(f"{path}: cannot be read ({error}); expected weights that this run has written") from error
