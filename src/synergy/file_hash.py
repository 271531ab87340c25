"""The hash of a file's contents."""

import hashlib
from pathlib import Path

from synergy.errors import FileError

_BLOCK_BYTES = 1 << 20


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hex; raises FileError where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); expected a file") from None
    return digest.hexdigest()
