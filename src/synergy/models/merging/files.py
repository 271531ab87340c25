"""The small files of a checkpoint: what makes weights a model that loads, and copying it."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from synergy.errors import FileError
from synergy.models.merging.source import Source

_CONFIG = "config.json"
_COPIED = (
    "generation_config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "image_processor_config.json",
    "chat_template.json",
    "chat_template.jinja",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
)
_OWN_CODE = "*.py"  # where the config names classes in the checkpoint's repository


def copied_files(source: Source) -> list[Path]:
    """The files that go along unchanged; their order is that of their names."""
    code = source.folder.glob(_OWN_CODE) if "auto_map" in source.config else ()
    return sorted({*(path for name in _COPIED if (path := source.folder / name).is_file()), *code})


def copy_files(source: Source, folder: Path, dtype: str | None) -> None:
    """Copy them with config.json, which gets `dtype` wherever it names one; raises FileError."""
    try:
        for path in copied_files(source):
            shutil.copyfile(path, folder / path.name)
    except OSError as error:
        raise FileError(f"{folder}: cannot be written ({error}); make room and run the same command again") from error
    config = source.config if dtype is None else {"dtype": dtype, **_with_dtype(source.config, dtype)}
    if "torch_dtype" in config:
        config.pop("dtype", None)
    write_json(folder / _CONFIG, config)


def _with_dtype(config: Mapping[str, object], dtype: str) -> dict[str, object]:
    """A config with another dtype, in its sections too."""
    changed: dict[str, object] = {}
    for key, value in config.items():
        if key in ("dtype", "torch_dtype"):
            changed[key] = dtype
        else:
            changed[key] = _with_dtype(value, dtype) if isinstance(value, dict) else value
    return changed


def write_json(path: Path, value: object) -> None:
    """Write a JSON file, of which a reader finds all or nothing; raises FileError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error}); make room and run the same command again") from error
