"""A config with every default filled in, as canonical JSON: to write, to hash, to compare."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from synergy.config.base import Config
from synergy.errors import FileError


def resolved(config: Config) -> dict[str, Any]:
    """The whole config as plain JSON values, nulls kept."""
    return config.model_dump(mode="json")


def canonical_json(value: Any) -> str:
    """One text per value, whatever the order of its keys; a float is its `repr`: 1e-3 and 0.001 are one."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def config_hash(config: Config) -> str:
    """The sha256, in hex, of a config's canonical JSON and the name of its kind (its class if without)."""
    kind = getattr(config, "kind", type(config).__name__)
    return hashlib.sha256(canonical_json({"kind": kind, "config": resolved(config)}).encode()).hexdigest()


def write_resolved(config: Config, path: Path) -> None:
    """Write the resolved config, sorted and indented; a reader finds the old file or the new, never half."""
    text = json.dumps(resolved(config), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)  # mkstemp's own mode would hide the file from the group
            os.replace(name, path)
        except OSError:
            os.unlink(name)
            raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror}); expected a folder to write in") from None
