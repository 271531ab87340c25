"""Opening a benchmark's data: checked once, problems made when asked for, pictures decoded only then."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from synergy.benchmarks.benchmark import Benchmark, Row
from synergy.benchmarks.columns import POSITION, optional
from synergy.benchmarks.images import IMAGE_COLUMNS, SOURCES, check, sources
from synergy.benchmarks.sources import Table, read_file, read_hub
from synergy.errors import FileError, InputError, nearest
from synergy.records import Problem

_MAX_REFERENCE = 64  # a shorter image cell of VLMEvalKit's is the index of the row that has the picture


class BenchmarkData:
    """A benchmark's problems by position."""

    def __init__(self, benchmark: Benchmark, table: Table, folder: Path | None) -> None:
        """Check every row; relative paths of pictures start at `folder`, None leaves all pictures out.

        Raises InputError for missing columns, an empty table, doubled ids and rows that make no problem, FileError for
        a picture that is not there or cannot be decoded.
        """
        self.benchmark, self.label = benchmark, table.label
        _check_columns(benchmark, table)
        if not table.rows:
            raise InputError(f"{table.label}: no rows; expected at least one problem of {benchmark.name}")
        self._rows = [_with_position(row, position) for position, row in enumerate(_with_shared_images(table.rows))]
        self.ids: list[str] = []
        seen: dict[str, int] = {}
        for position, row in enumerate(self._rows):
            self._rows[position], problem_id = self._prepare(row, folder)
            if problem_id in seen:
                raise InputError(
                    f"{table.label}: rows {seen[problem_id] + 1} and {position + 1} have the id '{problem_id}'; "
                    "expected different ids"
                )
            seen[problem_id] = position
            self.ids.append(problem_id)

    def __len__(self) -> int:
        """How many problems."""
        return len(self._rows)

    def __getitem__(self, index: int) -> Problem:
        """The problem at an index from 0, its pictures decoded; raises FileError where one cannot be."""
        row = self._rows[index]
        try:
            return self.benchmark.read(row)
        except FileError as error:
            raise FileError(f"{self.label}, problem '{self.ids[index]}': {error}") from None

    def __iter__(self) -> Iterator[Problem]:
        """The problems in order, each made when it is its turn."""
        return (self[index] for index in range(len(self)))

    def _prepare(self, row: Row, folder: Path | None) -> tuple[Row, str]:
        """The row with its pictures' sources in one column, and its problem's id."""
        others = {name: cell for name, cell in row.items() if name not in IMAGE_COLUMNS}
        try:
            problem_id = self.benchmark.read(others).id
            found = () if folder is None else sources(row, folder)
            for source in found:
                check(source)
        except (InputError, FileError) as error:
            raise type(error)(f"{self.label}, row {row[POSITION] + 1}: {error}") from None
        return {**others, SOURCES: found}, problem_id


def open_benchmark(benchmark: Benchmark, path: Path | None = None, *, with_images: bool = True) -> BenchmarkData:
    """The benchmark's data from a .tsv, .parquet, .json, .jsonl or .jsonl.gz file, from the hub where `path` is None.

    Without images, pictures are neither looked for nor decoded: scoring saved responses needs none.
    Raises InputError, FileError or MissingExtraError, each one line.
    """
    if path is not None:
        return BenchmarkData(benchmark, read_file(path), path.parent if with_images else None)
    if benchmark.hub is None:
        raise InputError(f"{benchmark.name} is not on the hub; expected a file of its problems: give one with --data")
    return BenchmarkData(benchmark, read_hub(benchmark.hub), Path() if with_images else None)


def _check_columns(benchmark: Benchmark, table: Table) -> None:
    for wanted in benchmark.columns if table.rows else ():
        names = wanted.split("|")
        if not any(name in table.columns for name in names):
            guess = next(filter(None, (nearest(name, table.columns) for name in names)), "")
            raise InputError(
                f"{table.label}: missing column '{' or '.join(names)}'{guess}, which {benchmark.name} needs; "
                f"it has: {', '.join(table.columns)}"
            )


def _with_position(row: Row, position: int) -> Row:
    return {**row, POSITION: position}


def _with_shared_images(rows: Sequence[Row]) -> list[Row]:
    """VLMEvalKit writes a picture that several rows share once; the others name that row's index instead."""
    pictures: dict[str, Any] = {}
    for row in rows:
        cell = row.get("image")
        if isinstance(cell, str) and len(cell) > _MAX_REFERENCE:
            pictures[optional(row, "index")] = cell
    return [
        {**row, "image": pictures[cell]}
        if isinstance(cell := row.get("image"), str) and len(cell) <= _MAX_REFERENCE and cell in pictures
        else row
        for row in rows
    ]
