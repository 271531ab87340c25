"""The folder in which a checkpoint grows until it is whole; what a killed merge leaves there is used again."""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synergy.errors import FileError, InputError
from synergy.models.merging.files import write_json

RECORD = "merge.json"
_LOCK = ".lock"


def is_made(out: Path, record: Mapping[str, Any]) -> bool:
    """Whether `out` is the result of this very merge; versions of packages may differ.

    Raises InputError where something else is there.
    """
    if not out.exists():
        return False
    found = _read(out / RECORD)
    if found is not None and all(found.get(key) == record[key] for key in ("config", "inputs")):
        return True
    what = "holds another merge" if found is not None else "exists"
    raise InputError(f"{out} {what}; expected a new folder: give another --out or remove it")


@contextmanager
def building(out: Path, record: Mapping[str, Any]) -> Iterator[Path]:
    """The folder beside `out` to write in, with the record; it becomes `out` if the body ends well.

    What another merge began there is removed; what this one began stays. Raises InputError where another process is at
    it or the folder is not a merge's, FileError where it cannot be made.
    """
    folder = out.with_name(f"{out.name}.building")
    try:
        if folder.exists() and _read(folder / RECORD) is None and any(path.name != _LOCK for path in folder.iterdir()):
            raise InputError(f"{folder} exists and is not a merge's; expected no such folder: remove it")
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK).open("w") as lock:
            _hold(lock.fileno(), folder)
            if _read(folder / RECORD) != record:
                _empty(folder)
                write_json(folder / RECORD, record)
            yield folder
            (folder / _LOCK).unlink()
            folder.replace(out)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{folder}: cannot be written ({error}); make room or give another --out") from error


def _hold(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(f"{folder}: another process is merging there; wait for it, or give another --out") from None


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name == _LOCK:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _read(path: Path) -> dict[str, Any] | None:
    """A record; None where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
