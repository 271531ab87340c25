"""dataset_info.json, where LLaMA-Factory looks up how a data set is laid out; entries of others stay."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synergy.errors import FileError, InputError

NAME = "dataset_info.json"


def write_entry(table: Path, entry: Mapping[str, Any]) -> None:
    """The table's entry, under its name without suffix; raises InputError for a file that is none, and FileError."""
    path = table.with_name(NAME)
    found: Any = {}
    try:
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise InputError(f"{path}: holds {type(found).__name__}; expected an object of data sets")
        partial = path.with_name(f".{NAME}.partial")
        written = {**found, table.stem: {"file_name": table.name, **entry}}
        partial.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: {error}; expected JSON: mend or move the file") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror}); expected a writable folder") from None
