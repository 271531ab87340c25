"""A copy of a table with measured difficulty in two columns, called as in the data sets of 2507.07562.

`passrate_for_MODEL` and `difficulty_level_for_MODEL`. What types the study's values have is not known. Ours: the share
of right answers, and the level as a whole number, 1 the easiest, as in our column `level`.
"""

import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from synergy.config.data import DataConfig
from synergy.data.kept_rows import schema_of, with_columns, write_kept
from synergy.data.layouts.layout import Row
from synergy.data.problem_row import problem_row
from synergy.data.row_table import open_rows
from synergy.data.table_writer import write_rows
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.levels_file import LevelsFile
from synergy.problem_columns import PROBLEM_SCHEMA

_TYPES = (pa.float64(), pa.int64())


def columns_for(model: str) -> tuple[str, str]:
    """The names for a model's name or path: the study's `qwen2.5_vl_7b` is how it writes Qwen2.5-VL-7B."""
    name = re.sub(r"[^a-z0-9.]+", "_", model.rstrip("/").rpartition("/")[2].lower()).strip("_")
    return f"passrate_for_{name}", f"difficulty_level_for_{name}"


def write_tagged_data(path: Path, data: DataConfig, levels: LevelsFile) -> int:
    """The rows of a data section, all their columns and the two; nulls where a problem was not asked.

    Returns the number of rows; raises as `open_rows` and `write_kept`.
    """
    table = open_rows(data)
    names = columns_for(levels.model.name)
    schema = with_columns(schema_of(table), dict(zip(names, _TYPES, strict=True)))

    def tagged(place: int, row: Row) -> Row:
        del place
        return {**row, **_values(names, row["id"], levels)}

    return write_kept(path, table, tagged, schema)


def write_tagged_set(path: Path, on: EvaluationSet, levels: LevelsFile) -> int:
    """The same of any evaluation set's problems, in our columns."""
    names = columns_for(levels.model.name)
    schema = with_columns(PROBLEM_SCHEMA, dict(zip(names, _TYPES, strict=True)))
    problems = on.shown(range(len(on.problems)))
    return write_rows(path, schema, ({**problem_row(each), **_values(names, each.id, levels)} for each in problems))


def _values(names: tuple[str, str], problem_id: str, levels: LevelsFile) -> dict[str, Any]:
    found = levels.problems.get(problem_id)
    if found is None or not found.num_samples:
        return dict.fromkeys(names)
    return dict(zip(names, (found.num_correct / found.num_samples, found.level), strict=True))
