"""Reading the rows of a table file or of a split on the hub; knows nothing about what they mean.

VLMEvalKit's files are TSV with quoted cells and pictures in base64, those of the authors parquet, JSON or JSON lines.
Nothing is unpickled or evaluated.
"""

import csv
import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.benchmarks.benchmark import HubTable, Row
from synergy.errors import FileError, InputError, MissingExtraError

SPLIT = "hub_split"  #: a column that rows of several splits get: the split they came from
_SUFFIXES = (".tsv", ".parquet", ".json", ".jsonl", ".jsonl.gz")
_MAX_FIELD = min(sys.maxsize, 2**31 - 1)  # a picture in base64 is longer than the csv module's own limit


@dataclass(frozen=True)
class Table:
    """A table's rows as they were written."""

    label: str  #: what to call it in messages
    columns: list[str]
    rows: list[Row]


def read_file(path: Path) -> Table:
    """The rows of a file; raises FileError where it cannot be read, InputError for what is in it."""
    suffix = next((suffix for suffix in _SUFFIXES if path.name.endswith(suffix)), None)
    if suffix is None:
        raise InputError(f"{path}: cannot tell its format; expected a file ending in {', '.join(_SUFFIXES)}")
    try:
        if suffix == ".parquet":
            return _read_parquet(path)
        raw = gzip.decompress(path.read_bytes()) if suffix.endswith(".gz") else path.read_bytes()
        written = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: no UTF-8 text; expected {suffix.removesuffix('.gz')}") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{path}: cannot be read ({reason}); expected a benchmark's table") from None
    readers = {".tsv": _tsv_rows, ".json": _json_rows}
    rows = list(readers.get(suffix, _json_lines)(path, written))
    return Table(str(path), list(dict.fromkeys(name for row in rows for name in row)), rows)


def read_hub(hub: HubTable) -> Table:
    """The rows of a split, pictures left encoded; of several splits joined by "+", each row says which.

    Raises MissingExtraError without `datasets`, InputError for what cannot be loaded.
    """
    try:
        import datasets
    except ImportError:
        raise MissingExtraError(
            "a benchmark from the hub needs the package datasets, which is not installed: "
            'pip install "vlm-synergy[data]"; or give a file with --data'
        ) from None
    label = f"data set '{hub.repository}'"
    rows: list[Row] = []
    for split in hub.split.split("+"):
        try:
            table: Any = datasets.load_dataset(hub.repository, hub.name, split=split)
        except (OSError, ValueError, RuntimeError) as error:
            # hub errors are OSErrors, a wrong name or split is a ValueError, an unreadable script a RuntimeError
            raise InputError(f"{label}: cannot be loaded: {' '.join(str(error).split())[:300]}") from error
        for name, feature in table.features.items():
            if isinstance(feature, datasets.Image):
                table = table.cast_column(name, datasets.Image(decode=False))
        rows += [{**row, SPLIT: split} for row in table.to_list()]
    return Table(label, list(dict.fromkeys(name for row in rows for name in row)), rows)


def _read_parquet(path: Path) -> Table:
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise FileError(f"{path}: no parquet file ({str(error).splitlines()[0]}); expected a whole one") from None
    return Table(str(path), table.column_names, table.to_pylist())


def _tsv_rows(path: Path, written: str) -> Iterator[Row]:
    limit = csv.field_size_limit(_MAX_FIELD)  # the limit is the whole process's: it goes back afterwards
    try:
        reader = csv.reader(written.splitlines(keepends=True), delimiter="\t", strict=True)
        names = next(reader, [])
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(names):
                raise InputError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells; expected {len(names)}, one for each column"
                )
            yield dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}: {error}; expected tab-separated cells") from None
    finally:
        csv.field_size_limit(limit)


def _json_lines(path: Path, written: str) -> Iterator[Row]:
    for number, line in enumerate(written.split("\n"), start=1):
        if line.strip():
            yield _json_object(line, f"{path}, line {number}")


def _json_rows(path: Path, written: str) -> Iterator[Row]:
    """A list of objects, or an object of objects as MathVista's and LogicVista's authors publish: keys are the ids."""
    try:
        found = json.loads(written)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: {error}; expected JSON") from None
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, row in items:
        if not isinstance(row, dict):
            raise InputError(f"{path}: entry {key} holds {type(row).__name__}; expected an object for each problem")
        yield {"id": key, **row} if isinstance(found, dict) else row


def _json_object(line: str, place: str) -> Row:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{place}: {getattr(error, 'msg', error)}; expected a JSON object") from None
    if not isinstance(row, dict):
        raise InputError(f"{place}: holds {type(row).__name__}; expected a JSON object")
    return row
