"""Tables of problems in parquet, JSON and JSON lines files and in folders of them; nothing is unpickled."""

import json
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.config.data import FileDataConfig
from synergy.data.layouts.layout import Row
from synergy.data.rows import TableExamples
from synergy.data.tables import table_files
from synergy.errors import FileError, InputError


def open_file(config: FileDataConfig) -> TableExamples:
    """The problems of a file or folder; raises FileError where it cannot be read, InputError for what is in it."""
    path = config.path
    files = table_files(path)
    try:
        tables = [read_table(file) for file in files]
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); expected a file of problems") from None
    if path.is_dir():
        tables = [_of_family(table, file.stem) for file, table in zip(files, tables, strict=True)]
    rows = [row for turn in zip_longest(*tables) for row in turn if row is not None]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return TableExamples(str(path), columns, rows, config, files[0].parent)


def read_table(path: Path) -> list[Row]:
    """All rows of one file as they stand; raises FileError or InputError, OSError where it cannot be opened."""
    return _read_parquet(path) if path.suffix == ".parquet" else _read_json(path)


def _of_family(rows: list[Row], name: str) -> list[Row]:
    return [row if row.get("family") else {**row, "family": name} for row in rows]


def _read_parquet(path: Path) -> list[Row]:
    try:
        return pq.read_table(path).to_pylist()
    except pa.ArrowInvalid as error:
        raise FileError(f"{path}: no parquet file ({str(error).splitlines()[0]}); expected a whole one") from None


def _read_json(path: Path) -> list[Row]:
    """A list of objects, or an object a line whatever the file is called, as PuzzleVQA's are."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: no UTF-8 text; expected JSON or JSON lines") from None
    if path.suffix == ".json" and text.lstrip().startswith("["):
        try:
            return [_row(value, f"{path}, item {number}") for number, value in enumerate(json.loads(text), start=1)]
        except json.JSONDecodeError as error:
            raise InputError(f"{path}, line {error.lineno}: {error.msg}; expected a JSON list of objects") from None
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                rows.append(_row(json.loads(line), f"{path}, line {number}"))
            except json.JSONDecodeError as error:
                raise InputError(f"{path}, line {number}: {error.msg}; expected a JSON object") from None
    return rows


def _row(value: Any, where: str) -> Row:
    if not isinstance(value, dict):
        raise InputError(f"{where}: holds {type(value).__name__}; expected a JSON object")
    return value
