"""Responses that somebody else saved, matched with the problems that they answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from synergy.benchmarks.benchmark import Benchmark
from synergy.benchmarks.columns import POSITION, optional
from synergy.benchmarks.images import IMAGE_COLUMNS
from synergy.errors import InputError
from synergy.evaluation.responses import Response
from synergy.evaluation.saved_columns import Columns, find_columns
from synergy.evaluation.saved_rows import XLSX_CELL_CHARACTERS, Row, read_rows
from synergy.records import Problem, StopReason

#: what VLMEvalKit writes where a model's server did not answer
_NO_ANSWER = "Failed to obtain answer"
#: rules do not read questions, so that a file without them can be graded
_NO_QUESTION = "(not in the file)"
_STOP_REASONS = {"length": StopReason.LENGTH, "max_tokens": StopReason.LENGTH, "failed": StopReason.FAILED}


@dataclass(frozen=True, kw_only=True, eq=False)
class Saved:
    """A file of responses."""

    label: str
    columns: Columns
    rows: Sequence[Row]

    @property
    def num_cut(self) -> int:
        """Responses as long as a cell of an xlsx file can be: they were probably cut when it was written."""
        if not self.label.endswith(".xlsx"):
            return 0
        return sum(
            len(text) >= XLSX_CELL_CHARACTERS for row in self.rows for text in _texts(row, self.columns.response)
        )

    def ids(self) -> list[str]:
        """The id of each row; raises InputError where there is no column of ids."""
        if self.columns.id is None:
            raise InputError(
                f"{self.label}: no column of ids; expected one to join with the benchmark's data: name it with "
                "--column id=NAME, or leave --data out to grade by the file's own columns"
            )
        return [optional(row, self.columns.id) for row in self.rows]


def read_saved(path: Path, given: Mapping[str, str]) -> Saved:
    """A file of responses, its columns found or `given` by role; raises as `read_rows` and `find_columns`."""
    rows = read_rows(path)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return Saved(label=str(path), columns=find_columns(str(path), names, given), rows=rows)


def own_problems(saved: Saved, benchmark: Benchmark) -> tuple[list[Problem], list[str]]:
    """The problems that the file's own columns describe, without pictures, and the problem's id of each row.

    Raises InputError where they do not make problems of this benchmark.
    """
    problems: dict[str, Problem] = {}
    ids: list[str] = []
    for position, row in enumerate(saved.rows):
        try:
            problem = benchmark.read(_as_benchmark_row(row, saved.columns, position))
        except InputError as error:
            raise InputError(
                f"{saved.label}, row {position + 1}: its columns make no problem of {benchmark.name} ({error}); "
                "expected the benchmark's own columns beside the response: give its data with --data PATH, or name "
                "columns with --column answer=NAME"
            ) from None
        problems.setdefault(problem.id, problem)
        ids.append(problem.id)
    return list(problems.values()), ids


def match(saved: Saved, ids: Sequence[str], problems: Sequence[Problem]) -> list[tuple[Problem, Response]]:
    """Each problem with its responses, one a run, by problem and run; `ids` are those of the rows.

    A problem without a response in some run has a failed one there, so that it stays in every denominator. Raises
    InputError for a response to none of the problems.
    """
    known = {problem.id for problem in problems}
    strange = [problem_id for problem_id in dict.fromkeys(ids) if problem_id not in known]
    if strange:
        raise InputError(
            f"{saved.label}: {len(strange)} ids are none of the data's, the first is '{strange[0]}'; expected ids such "
            f"as '{problems[0].id}': check --benchmark, --data, or name the column with --column id=NAME"
        )
    by_problem: dict[str, list[Response]] = {problem.id: [] for problem in problems}
    for problem_id, row in zip(ids, saved.rows, strict=True):
        by_problem[problem_id] += _responses(problem_id, row, saved.columns)
    num_runs = max(len(found) for found in by_problem.values())
    pairs: list[tuple[Problem, Response]] = []
    for problem in problems:
        found = by_problem[problem.id]
        found += [_absent(problem.id) for _ in range(num_runs - len(found))]
        # runs are numbered anew: what a file calls them need not start at 0, and absent ones come last
        ordered = sorted(found, key=lambda response: response.run)
        pairs += [(problem, replace(response, run=run)) for run, response in enumerate(ordered)]
    return pairs


def _as_benchmark_row(row: Row, columns: Columns, position: int) -> Row:
    """The row under the names that benchmarks know, pictures left out: grading needs none."""
    plain = {name: cell for name, cell in row.items() if name not in IMAGE_COLUMNS}
    for role in ("id", "answer", "question"):
        column = getattr(columns, role)
        if column is not None and column != columns.response:
            plain.setdefault(role, row.get(column))
    plain.setdefault("question", _NO_QUESTION)
    return {**plain, POSITION: position}


def _responses(problem_id: str, row: Row, columns: Columns) -> Iterator[Response]:
    reason = _stop_reason(row.get(columns.stop_reason)) if columns.stop_reason else None
    run = row.get(columns.run) if columns.run else None
    tokens = row.get(columns.num_tokens) if columns.num_tokens else None
    for text in _texts(row, columns.response):
        failed = text.startswith(_NO_ANSWER)
        yield Response(
            problem_id=problem_id,
            run=run if isinstance(run, int) else 0,
            text="" if failed else text,
            stop_reason=StopReason.FAILED if failed else reason,
            num_tokens=tokens if isinstance(tokens, int) else None,
            num_prompt_tokens=None,
        )


def _texts(row: Row, column: str) -> list[str]:
    """A row's responses: one, or one a run where the cell is a list."""
    return list(_leaves(row.get(column)))


def _leaves(cell: Any) -> Iterator[str]:
    if isinstance(cell, str):
        yield cell
    elif isinstance(cell, Sequence):
        for item in cell:
            yield from _leaves(item)
    else:
        yield optional({"cell": cell}, "cell")


def _stop_reason(cell: Any) -> StopReason | None:
    text = str(cell or "").strip().lower()
    return _STOP_REASONS.get(text, StopReason.STOP) if text else None


def _absent(problem_id: str) -> Response:
    return Response(
        problem_id=problem_id,
        run=2**31,
        text="",
        stop_reason=StopReason.FAILED,
        num_tokens=None,
        num_prompt_tokens=None,
    )
