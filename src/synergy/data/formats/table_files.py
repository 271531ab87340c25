"""Writing a table row by row, parquet, JSON lines, a JSON list or TSV; it gets its name when it is whole."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.errors import FileError, InputError

_ROWS_PER_GROUP = 500
_BYTES_PER_GROUP = 64 << 20  # of pictures: a group of rows is in memory


class TableFile(Protocol):
    """A table that is being written."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Write one row more."""
        ...


class _Parquet:
    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._writer, self._schema = writer, schema
        self._rows: list[Mapping[str, Any]] = []
        self._bytes = 0

    def add(self, row: Mapping[str, Any]) -> None:
        self._rows.append(row)
        self._bytes += sum(_size(each) for each in row.get("images") or ())
        if len(self._rows) == _ROWS_PER_GROUP or self._bytes > _BYTES_PER_GROUP:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
            self._rows, self._bytes = [], 0


class _JsonLines:
    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, row: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")


class _JsonList:
    def __init__(self, file: TextIO) -> None:
        self._file, self._opening = file, "[\n"

    def add(self, row: Mapping[str, Any]) -> None:
        self._file.write(self._opening + json.dumps(row, ensure_ascii=False))
        self._opening = ",\n"

    def finish(self) -> None:
        self._file.write("\n]\n" if self._opening == ",\n" else "[]\n")


class _Tsv:
    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        self._names: list[str] | None = None

    def add(self, row: Mapping[str, Any]) -> None:
        if self._names is None:
            self._names = list(row)
            self._writer.writerow(self._names)
        if list(row) != self._names:
            further = ", ".join(name for name in row if name not in self._names)
            raise InputError(f"columns that the first row has not: {further}; expected the same columns in every row")
        self._writer.writerow(row.values())


@contextmanager
def open_table(
    path: Path, columns: Sequence[tuple[str, pa.DataType]], metadata: Mapping[str, str]
) -> Iterator[TableFile]:
    """A table that gets its name where the block ends well, and is removed where it does not.

    `columns` and `metadata` are for parquet alone. Raises FileError where it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            schema = pa.schema(columns, metadata=dict(metadata))
            with pq.ParquetWriter(partial, schema) as writer:
                parquet = _Parquet(writer, schema)
                yield parquet
                parquet.flush()
        else:
            with partial.open("w", encoding="utf-8", newline="") as file:
                if path.suffix == ".json":
                    listed = _JsonList(file)
                    yield listed
                    listed.finish()
                else:
                    yield _Tsv(file) if path.suffix == ".tsv" else _JsonLines(file)
        partial.replace(path)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        reason = error.strerror or error
        raise FileError(
            f"{path}: cannot be written ({reason}); make room or give another name, and run again"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _size(cell: object) -> int:
    if isinstance(cell, Mapping):
        return len(cell["bytes"])
    return len(cell) if isinstance(cell, str) else 0
