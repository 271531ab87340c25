"""Opening an SQLite file so that a killed process leaves it whole, and saying its errors in one line."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synergy.errors import FileError

_WAIT_SECONDS = 10.0


def open_database(path: Path, *tables: str) -> sqlite3.Connection:
    """The file with its tables, made where they are not there; raises FileError where it is no such file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{path.parent}: cannot be made ({error.strerror}); expected a writable place") from None
    with told_in_one_line(path):
        database = sqlite3.connect(path, timeout=_WAIT_SECONDS, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            with database:
                for table in tables:
                    database.execute(table)
        except BaseException:
            database.close()
            raise
    return database


@contextmanager
def told_in_one_line(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a FileError that says what is kept."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        raise FileError(
            f"{path}: {error}; expected a whole SQLite file on a disk with room: what was written is kept, "
            "run the same command again"
        ) from None
