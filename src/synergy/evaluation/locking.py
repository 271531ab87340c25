"""Keeping two commands out of one folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synergy.errors import FileError, InputError

_LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, made where it is not there; the lock goes with the process, however that ends.

    Raises InputError where another process holds it, FileError where it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _LOCK).open("w")
    except OSError as error:
        raise FileError(
            f"{folder}: cannot be made ({error.strerror}); expected a writable place: give another --out"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{folder}: another process is at work there; expected to be alone: wait, or give another --out"
            ) from None
        try:
            yield
        finally:
            if [path.name for path in folder.iterdir()] == [_LOCK]:  # nothing came of it: leave nothing behind
                (folder / _LOCK).unlink()
                folder.rmdir()
