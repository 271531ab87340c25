"""A data set as a stream of rows in our columns, for what goes over tables that memory does not hold.

Files are read as streams (`row_stream`). What is wrong with a picture is not found here: rows are texts and sources of
pictures (`synergy.data.row_images`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.config.data import DataConfig, FileDataConfig, HubDataConfig, PocketDataConfig
from synergy.data.hub import open_hub
from synergy.data.layouts.layout import Row
from synergy.data.layouts.registry import LAYOUTS
from synergy.data.pocket import PocketExamples
from synergy.data.problem_row import problem_row
from synergy.data.row_stream import RowStream
from synergy.data.rows import REQUIRED, TableExamples, passes
from synergy.data.tables import table_files
from synergy.errors import FileError, InputError
from synergy.problem_columns import PROBLEM_SCHEMA

POCKET_TRACE = "trace"  #: the column of the expert's trace, in the pocket's rows


@dataclass(frozen=True, kw_only=True, eq=False)
class RowTable:
    """Rows with texts in all required columns and ids that differ."""

    label: str
    folder: Path  #: where relative paths of pictures start
    trace_column: str | None
    schema: pa.Schema | None  #: of the pocket, and of a parquet file in our own columns
    num_at_most: int  #: rows before any are left out
    read: Callable[[], Iterator[Row]]

    def rows(self) -> Iterator[Row]:
        """One pass, the same rows in the same order each time.

        Raises FileError where a file cannot be read, InputError for a row without a text that has to be there, and
        for an id that an earlier row has.
        """
        seen: set[str] = set()
        for number, row in enumerate(self.read(), start=1):
            self._check(row, number)
            if row["id"] in seen:
                raise InputError(f"{self.label}: two problems have the id '{row['id']}'; expected different ids")
            seen.add(row["id"])
            yield row

    def examples(self, rows: Sequence[Row]) -> TableExamples:
        """Some of its rows as examples; raises as `TableExamples`."""
        config = FileDataConfig(source="file", path=Path(self.label), trace_column=self.trace_column)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        return TableExamples(self.label, columns, rows, config, self.folder)

    def _check(self, row: Row, number: int) -> None:
        for name in (*REQUIRED, *([self.trace_column] if self.trace_column else [])):
            if not isinstance(row.get(name), str) or not row[name]:
                raise InputError(
                    f"{self.label}, problem {number} ('{row.get('id')}'): column {name} is {row.get(name)!r}; "
                    f"expected a text (its columns: {', '.join(row)})"
                )


def open_rows(config: DataConfig) -> RowTable:
    """The rows that a section means, the same as `open_data` has; raises as `open_data` and `table_files`."""
    match config:
        case PocketDataConfig():
            examples = PocketExamples(config)
            return RowTable(
                label="pocket",
                folder=Path(),
                trace_column=POCKET_TRACE,
                schema=PROBLEM_SCHEMA.append(pa.field(POCKET_TRACE, pa.string())),
                num_at_most=len(examples),
                read=lambda: _pocket_rows(examples),
            )
        case HubDataConfig():
            table = open_hub(config)
            return RowTable(
                label=config.repository,
                folder=table.folder,
                trace_column=config.trace_column,
                schema=None,
                num_at_most=len(table),
                read=lambda: iter(table.rows),
            )
        case FileDataConfig():
            return _open_file(config)


def _open_file(config: FileDataConfig) -> RowTable:
    files = table_files(config.path)
    num_at_most = sum(map(_num_rows, files))  # says what is no parquet
    is_plain = config.layout == "synergy" and all(file.suffix == ".parquet" for file in files)
    return RowTable(
        label=str(config.path),
        folder=files[0].parent,
        trace_column=config.trace_column,
        schema=_schema(files) if is_plain else None,
        num_at_most=num_at_most,
        read=lambda: islice(_file_rows(config, files), config.num_problems),
    )


def _file_rows(config: FileDataConfig, files: Sequence[Path]) -> Iterator[Row]:
    """Files take turns, as in `open_file`."""
    layout = LAYOUTS[config.layout]
    streams = [_of_file(file, file.stem if config.path.is_dir() else None) for file in files]
    rows = (row for turn in zip_longest(*streams) for row in turn if row is not None)
    for number, row in enumerate(rows, start=1):
        try:
            read = layout.read(row)
        except InputError as error:
            raise InputError(f"{config.path}, row {number}, layout {config.layout}: {error}") from None
        if read is None:
            continue
        found = read if config.layout == "synergy" else {"id": str(number), "family": row.get("family"), **read}
        if passes(found, config):
            yield found


def _of_file(path: Path, family: str | None) -> Iterator[Row]:
    for row in RowStream(path):
        yield row if family is None or row.get("family") else {**row, "family": family}


def _num_rows(path: Path) -> int:
    try:
        return pq.read_metadata(path).num_rows if path.suffix == ".parquet" else sum(1 for _ in RowStream(path))
    except pa.ArrowInvalid as error:
        raise FileError(f"{path}: no parquet file ({str(error).splitlines()[0]}); expected a whole one") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); expected a file of problems") from None


def _schema(files: Sequence[Path]) -> pa.Schema:
    try:
        return pa.unify_schemas([pq.read_schema(file) for file in files])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        fault = str(error).splitlines()[0]
        raise InputError(f"{files[0].parent}: tables of different columns ({fault}); expected equal ones") from None


def _pocket_rows(examples: PocketExamples) -> Iterator[Row]:
    for index in range(len(examples)):
        example = examples[index]
        yield {**problem_row(example.problem), POCKET_TRACE: example.demonstrations[0].trace}
