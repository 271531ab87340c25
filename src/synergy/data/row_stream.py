"""The rows of a table file, one after the other: parquet, JSON, JSON lines, VLMEvalKit's TSV; nothing is unpickled."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.data.json_stream import JsonStream
from synergy.data.layouts.layout import Row
from synergy.errors import FileError, InputError

_ROWS_PER_BATCH = 64  # rows may hold pictures of megabytes
_BUFFER_BYTES = 1 << 20
_MAX_CELL = min(sys.maxsize, 2**31 - 1)  # a picture in base64 is longer than the csv module's own limit


class RowStream:
    """A file's rows; `fraction_read` says how far the reading is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fraction_read = 0.0

    def __iter__(self) -> Iterator[Row]:
        """The rows, each a mapping by column; raises FileError, and InputError for what is in the file."""
        try:
            if self.path.suffix == ".parquet":
                yield from self._parquet()
            else:
                yield from self._text()
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: no UTF-8 text; expected JSON or JSON lines") from None
        except OSError as error:
            if isinstance(error, FileError):
                raise
            reason = error.strerror or error
            raise FileError(f"{self.path}: cannot be read ({reason}); expected a file of problems") from None
        self.fraction_read = 1.0

    def _parquet(self) -> Iterator[Row]:
        try:
            # a buffer, as else a column of a row group is read as a whole, pictures and all
            with pq.ParquetFile(self.path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
                num_rows, num_read = max(file.metadata.num_rows, 1), 0
                for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH):
                    yield from batch.to_pylist()
                    num_read += batch.num_rows
                    self.fraction_read = num_read / num_rows
        except pa.ArrowInvalid as error:
            reason = str(error).splitlines()[0]
            raise FileError(f"{self.path}: no parquet file ({reason}); expected a whole one") from None

    def _text(self) -> Iterator[Row]:
        size = max(self.path.stat().st_size, 1)
        with self.path.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
            for row in self._rows(file):
                self.fraction_read = raw.tell() / size
                yield row

    def _rows(self, file: TextIO) -> Iterator[Row]:
        if self.path.suffix == ".tsv":
            yield from self._tsv(file)
        elif self.path.suffix == ".json" and not _is_lines(file):
            yield from self._json(file)
        else:
            yield from self._lines(file)

    def _json(self, file: TextIO) -> Iterator[Row]:
        """A list of objects, or an object of objects as MathVista's authors publish: keys are the ids."""
        values = JsonStream(file, str(self.path), "expected a JSON list of objects").values()
        for number, (key, value) in enumerate(values, start=1):
            if key is not None and not isinstance(value, dict):
                raise InputError(
                    f"{self.path}: an object whose '{key}' holds {type(value).__name__}; expected a list of "
                    "objects, an object of objects by id, or an object a line"
                )
            row = _row(value, f"{self.path}, item {number}")
            yield row if key is None else {"id": key, **row}

    def _lines(self, file: TextIO) -> Iterator[Row]:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    value = json.loads(line)
                except (json.JSONDecodeError, RecursionError) as error:
                    message = getattr(error, "msg", error)
                    raise InputError(f"{self.path}, line {number}: {message}; expected a JSON object") from None
                yield _row(value, f"{self.path}, line {number}")

    def _tsv(self, file: TextIO) -> Iterator[Row]:
        limit = csv.field_size_limit(_MAX_CELL)  # the limit is the whole process's: it goes back afterwards
        try:
            reader = csv.reader(file, delimiter="\t", strict=True)
            names = next(reader, [])
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(names):
                    raise InputError(
                        f"{self.path}, line {reader.line_num}: {len(cells)} cells; expected {len(names)}, one for each "
                        "column"
                    )
                yield dict(zip(names, cells, strict=True))
        except csv.Error as error:
            raise InputError(f"{self.path}: {error}; expected tab-separated cells") from None
        finally:
            csv.field_size_limit(limit)


def _is_lines(file: TextIO) -> bool:
    """Whether a .json file holds an object a line, as PuzzleVQA's do, and no document; goes back to its start."""
    first = file.readline()
    while first and not first.strip():
        first = file.readline()
    second = file.readline()
    file.seek(0)
    try:
        value = json.loads(first)
    except (json.JSONDecodeError, RecursionError):
        return False
    is_object_of_objects = isinstance(value, dict) and bool(value) and all(isinstance(v, dict) for v in value.values())
    return isinstance(value, dict) and not (is_object_of_objects and not second.strip())


def _row(value: Any, where: str) -> Row:
    if not isinstance(value, dict):
        raise InputError(f"{where}: holds {type(value).__name__}; expected a JSON object")
    return value
