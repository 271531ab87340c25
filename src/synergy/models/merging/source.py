"""A checkpoint's tensors on disk, read one at a time. Knows nothing about merging."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from synergy.errors import FileError, InputError
from synergy.models.merging.locate import locate
from synergy.models.merging.names import canonical

_SINGLE, _INDEX = "model.safetensors", "model.safetensors.index.json"
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Where a tensor is and what it is."""

    file: str
    name: str  #: as the file spells it
    shape: tuple[int, ...]
    dtype: torch.dtype


class Source:
    """One checkpoint: its config, and its tensors by canonical name in the order of its files."""

    def __init__(self, label: str) -> None:
        """Read headers only; `label` is the name a person gave. Raises FileError or InputError."""
        self.label = label
        self.folder = locate(label)
        self.config = _read_json(self.folder / "config.json")
        self.files = _files(self.folder)
        self._opened: tuple[str, Any] | None = None
        self.tensors: dict[str, Stored] = {}
        for file in self.files:
            self._read_header(file)

    def read(self, name: str) -> torch.Tensor:
        """The tensor of that canonical name, as stored, on the CPU; raises FileError for a file that is torn."""
        stored = self.tensors[name]
        try:
            return self._open(stored.file).get_tensor(stored.name)
        except (OSError, SafetensorError) as error:
            raise _unreadable(self.folder / stored.file, error) from error

    def _open(self, file: str) -> Any:
        """The file, kept open until another is asked for; its tensors are mapped, not loaded."""
        if self._opened is None or self._opened[0] != file:
            self._opened = (file, safe_open(self.folder / file, framework="pt", device="cpu"))
        return self._opened[1]

    def _read_header(self, file: str) -> None:
        try:
            opened = self._open(file)
            for name in opened.offset_keys():
                self._add(file, name, opened.get_slice(name))
        except (OSError, SafetensorError) as error:
            raise _unreadable(self.folder / file, error) from error

    def _add(self, file: str, name: str, header: Any) -> None:
        dtype = header.get_dtype()
        if dtype not in _DTYPES:
            raise InputError(
                f"checkpoint '{self.label}': tensor {name} is of type {dtype}; expected float32, bfloat16, float16 or "
                "float64, as quantised weights cannot be merged: use the checkpoint that it was made from"
            )
        key = canonical(name)
        if key in self.tensors:
            raise InputError(
                f"checkpoint '{self.label}' holds {key} twice, as {self.tensors[key].name} and {name}; "
                "expected each weight once: save it again with save_pretrained"
            )
        shape = tuple(header.get_shape())
        self.tensors[key] = Stored(file=file, name=name, shape=shape, dtype=_DTYPES[dtype])


def _files(folder: Path) -> list[str]:
    """Names of the files of weights; raises FileError where the index names one that is not there."""
    if not (folder / _INDEX).exists():
        return [_SINGLE]
    weight_map = _read_json(folder / _INDEX).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(file, str) for file in weight_map.values()):
        raise FileError(f"{folder / _INDEX}: has no weight_map; expected the index that save_pretrained writes")
    files = sorted(set(weight_map.values()))
    for file in files:
        if Path(file).name != file or not (folder / file).is_file():
            raise FileError(
                f"{folder / _INDEX} names {file}, which is not there; expected all its files: copy them again"
            )
    return files


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: cannot be read ({error}); expected a JSON object") from None
    if not isinstance(value, dict):
        raise FileError(f"{path}: holds a {type(value).__name__}; expected a JSON object")
    return value


def _unreadable(path: Path, error: Exception) -> FileError:
    return FileError(f"{path}: cannot be read ({error}); expected a whole safetensors file: copy or download it again")
