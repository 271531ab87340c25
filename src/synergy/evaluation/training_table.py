"""`data.parquet`: problems with worked answers that a step makes for a training, images inside."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from synergy.data.table_writer import write_rows
from synergy.problem_columns import problem_schema

DATA = "data.parquet"
VALIDATION = "validation.parquet"  #: the same of problems that were held out
TRACE_COLUMN = "trace"  #: of `data.parquet`, for `data.trace_column`
#: what `synergy.data.rows` reads with trace_column "trace", and where each row is from. The id is the problem's own,
#: with #RUN where several responses to it may be kept; the answer is the response's own where the model made it, equal
#: to the gold one by grading
SCHEMA = problem_schema(
    ("trace", pa.string()),
    ("problem_id", pa.string()),
    ("gold", pa.string()),
    ("origin", pa.string()),  # "model" or "demonstration"
    ("run", pa.int64()),
    ("num_tokens", pa.int64()),
)


def write_table(path: Path, rows: Iterator[dict[str, object]]) -> int:
    """The table, as `write_rows` writes one; returns the number of rows."""
    return write_rows(path, SCHEMA, rows)
