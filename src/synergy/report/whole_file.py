"""A page's file, whole or not there."""

import os
import tempfile
from pathlib import Path

from synergy.errors import FileError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that a reader finds whole or not at all; raises FileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(partial, 0o644)  # mkstemp's own mode would hide the file from the group
            os.replace(partial, path)
        except OSError:
            os.unlink(partial)
            raise
    except OSError as error:
        raise FileError(
            f"{path}: cannot be written ({error.strerror}); expected a writable place: give --out"
        ) from None
