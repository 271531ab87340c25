"""Files of weights, written one tensor at a time: what a file will hold is known before its first tensor is.

The format is safetensors' own (github.com/huggingface/safetensors, "Format"): the length of a JSON header in 8 bytes,
the header, the tensors' bytes. Its library writes from tensors that are all in memory, which a shard need not be here.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from synergy.errors import FileError

_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_ALIGNMENT = 8  # of the tensors' bytes in the file
INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A tensor to be written."""

    key: str  #: its canonical name
    name: str  #: as the file spells it
    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def num_bytes(self) -> int:
        """Its size in the file."""
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Shard:
    """A file to be written."""

    file: str
    entries: tuple[Entry, ...]


def shards_of(entries: Iterable[Entry], max_bytes: int) -> list[Shard]:
    """Entries in their order, in as few files as hold at most `max_bytes` of tensors each; a larger one is alone."""
    groups: list[list[Entry]] = [[]]
    size = 0
    for entry in entries:
        if groups[-1] and size + entry.num_bytes > max_bytes:
            groups.append([])
            size = 0
        groups[-1].append(entry)
        size += entry.num_bytes
    if len(groups) == 1:
        return [Shard("model.safetensors", tuple(groups[0]))]
    return [
        Shard(f"model-{number:05}-of-{len(groups):05}.safetensors", tuple(group))
        for number, group in enumerate(groups, start=1)
    ]


def index_of(shards: Sequence[Shard]) -> dict[str, object]:
    """What the index file says of several shards."""
    entries = [(entry, shard.file) for shard in shards for entry in shard.entries]
    return {
        "metadata": {"total_size": sum(entry.num_bytes for entry, _ in entries)},
        "weight_map": {entry.name: file for entry, file in entries},
    }


def write_shard(path: Path, entries: Sequence[Entry], make: Callable[[Entry], Tensor]) -> None:
    """Write a file, which appears by rename when it is whole; each tensor is made when its turn comes.

    Raises FileError where it cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(_header(entries))
            for entry in entries:
                file.write(_bytes(entry, make(entry)))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: cannot be written ({error}); make room and run the same command again") from error


def _bytes(entry: Entry, tensor: Tensor) -> memoryview:
    assert (tuple(tensor.shape), tensor.dtype) == (entry.shape, entry.dtype), entry.name
    return tensor.contiguous().flatten().view(torch.uint8).numpy().data


def _header(entries: Sequence[Entry]) -> bytes:
    """Length and JSON: dtype, shape and place of each tensor; padded by spaces."""
    fields: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for entry in entries:
        fields[entry.name] = {
            "dtype": _NAMES[entry.dtype],
            "shape": list(entry.shape),
            "data_offsets": [place, place + entry.num_bytes],
        }
        place += entry.num_bytes
    text = json.dumps(fields, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text
