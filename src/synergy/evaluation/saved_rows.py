"""Rows of responses that somebody else saved: JSON lines, JSON, TSV, parquet, or VLMEvalKit's xlsx. No meaning yet."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from synergy.benchmarks.sources import read_file
from synergy.errors import FileError, InputError, MissingExtraError

Row = dict[str, Any]
XLSX_CELL_CHARACTERS = 32_767  #: what a cell of that format holds at most: longer texts were cut when it was written


def read_rows(path: Path) -> list[Row]:
    """The rows, nested objects laid flat; raises FileError where it cannot be read, InputError for what is in it."""
    if path.suffix == ".xlsx":
        rows: list[Row] = list(_read_xlsx(path))
    elif path.suffix == ".json":
        rows = list(_read_json(path))
    else:
        rows = [dict(row) for row in read_file(path).rows]
    if not rows:
        raise InputError(f"{path}: no rows; expected a response a row")
    return [_flat(row) for row in rows]


def _flat(row: Row) -> Row:
    """A cell that is an object also gives its items to the row, under their own names where these are free."""
    # {"question": {"question": "How many?", "image": …}}: the name then means the inner one
    flat = {name: cell[name] if isinstance(cell, Mapping) and name in cell else cell for name, cell in row.items()}
    for name, cell in row.items():
        if isinstance(cell, Mapping):
            for inner, value in cell.items():
                flat.setdefault(str(inner), value)
                flat.setdefault(f"{name}.{inner}", value)
    return flat


def _read_json(path: Path) -> Iterator[Row]:
    """A list of objects; an object that holds one, as logs do; or an object from ids to objects or to texts."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError(f"{path}: no UTF-8 text; expected JSON") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); expected a file of responses") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}; expected JSON") from None
    lists = [value for value in found.values() if _is_table(value)] if isinstance(found, dict) else [found]
    if len(lists) == 1 and _is_table(lists[0]):
        yield from (dict(row) for row in lists[0])
    elif isinstance(found, dict) and all(isinstance(value, dict) for value in found.values()):
        yield from ({"id": key, **value} for key, value in found.items())
    elif isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        yield from ({"id": key, "response": value} for key, value in found.items())
    else:
        raise InputError(
            f"{path}: holds no table of responses; expected a list of objects, an object with one such list in it, or "
            "an object from ids to responses"
        )


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _read_xlsx(path: Path) -> Iterator[Row]:
    """The first sheet, its first row being the names."""
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise MissingExtraError(
            f'{path}: xlsx files need the package openpyxl, which is not installed: pip install "vlm-synergy[xlsx]"'
        ) from None
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"{path}: no xlsx file ({error}); expected a workbook") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); expected a workbook") from None
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        names = [str(name) for name in next(rows, ()) if name is not None]
        for cells in rows:
            if any(cell is not None for cell in cells):
                yield dict(zip(names, cells, strict=False))
    finally:
        book.close()
