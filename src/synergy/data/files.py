"""Tables of problems in parquet and JSON lines files; nothing is unpickled."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.config.data import FileDataConfig
from synergy.data.rows import Row, TableExamples
from synergy.errors import FileError, InputError


def open_file(config: FileDataConfig) -> TableExamples:
    """The file's problems; raises FileError where it cannot be read, InputError for what is in it."""
    path = config.path
    readers = {".parquet": _read_parquet, ".jsonl": _read_lines}
    if path.suffix not in readers:
        raise InputError(f"{path}: cannot tell its format; expected a file ending in .parquet or .jsonl")
    try:
        columns, rows = readers[path.suffix](path)
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); expected a file of problems") from None
    return TableExamples(str(path), columns, rows, config, path.parent)


def _read_parquet(path: Path) -> tuple[list[str], list[Row]]:
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise FileError(f"{path}: no parquet file ({str(error).splitlines()[0]}); expected a whole one") from None
    return table.column_names, table.to_pylist()


def _read_lines(path: Path) -> tuple[list[str], list[Row]]:
    rows: list[Row] = []
    columns: dict[str, None] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: no UTF-8 text; expected JSON lines") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}, line {number}: {error.msg}; expected a JSON object") from None
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number}: holds {type(row).__name__}; expected a JSON object")
        rows.append(row)
        columns |= dict.fromkeys(row)
    return list(columns), rows
