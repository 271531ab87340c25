"""The table files that a path means, and the hash of their contents. Reads no rows."""

import hashlib
from pathlib import Path

from synergy.errors import FileError, InputError
from synergy.file_hash import file_sha256

SUFFIXES = (".parquet", ".jsonl", ".json")


def table_files(path: Path, further: tuple[str, ...] = ()) -> list[Path]:
    """The file itself; of a folder its tables by name, else those of its one sub-folder that has any.

    `further` suffixes are taken of a file alone. Raises InputError where there are none, or several sub-folders have
    some; FileError where nothing is there.
    """
    expected = f"expected a folder, or a file ending in {', '.join(SUFFIXES)}"
    if not path.exists():
        raise FileError(f"{path}: cannot be read (no such file or folder); {expected}")
    if not path.is_dir():
        if path.suffix not in (*SUFFIXES, *further):
            raise InputError(f"{path}: cannot tell its format; {expected}")
        return [path]
    try:
        found = _tables(path)
        below = [tables for each in sorted(path.iterdir()) if each.is_dir() and (tables := _tables(each))]
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); expected a folder of tables") from None
    if found:
        return found
    if len(below) != 1:
        where = ", ".join(tables[0].parent.name for tables in below)
        got = f"tables in several sub-folders ({where})" if below else "no table in it"
        raise InputError(f"{path}: {got}; expected {', '.join(SUFFIXES)} files in it or in one sub-folder")
    return below[0]


def tables_sha256(path: Path) -> str:
    """Of a file its sha256, of a folder one over names and contents of its tables; pictures beside them don't count.

    Raises as `table_files`, FileError where a file cannot be read.
    """
    files = table_files(path)
    if not path.is_dir():
        return file_sha256(path)
    return _sha256(files, path)


def tree_sha256(folder: Path) -> str:
    """The same of all tables below a folder, however deep, as `datasets` reads one; raises FileError."""
    return _sha256(sorted(each for each in folder.rglob("*") if each.suffix in (*SUFFIXES, ".csv")), folder)


def _sha256(files: list[Path], folder: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(folder)}\0{file_sha256(file)}\0".encode())
    return digest.hexdigest()


def _tables(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix in SUFFIXES and each.is_file())
