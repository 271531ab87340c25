"""A data section's problems as a table in another framework's format."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from synergy.config.data import DataConfig
from synergy.data.examples import Example
from synergy.data.formats.our_row import TRACE, checked
from synergy.data.formats.target_table import TargetTable
from synergy.data.load import open_data
from synergy.data.problem_row import text_columns
from synergy.errors import InputError
from synergy.grading.image_url import data_url


def write_problems(
    data: DataConfig, table: TargetTable, *, most: int | None = None, on_progress: Callable[[int, int], None]
) -> None:
    """Write the problems, or the first so many; raises as `open_data`, and InputError and FileError naming the problem.

    Pictures are written as PNG of what the model sees: in RGB, on white.
    """
    examples = open_data(data)
    num = len(examples) if most is None else min(most, len(examples))
    with table.open():
        for index in range(num):
            example = examples[index]
            try:
                table.add(_row(example))
            except InputError as error:
                raise InputError(f"problem '{example.problem.id}': {error}") from None
            on_progress(index + 1, num)


def _row(example: Example) -> dict[str, Any]:
    row = text_columns(example.problem)
    if example.demonstrations:
        row |= {"answer": example.demonstrations[0].answer, TRACE: example.demonstrations[0].trace}
    return {**checked(row), "images": [(data_url(image), Path()) for image in example.problem.images]}
