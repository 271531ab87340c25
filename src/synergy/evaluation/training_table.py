"""`data.parquet`: problems with worked answers that a step makes for a training, images inside."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.errors import FileError
from synergy.problem_columns import problem_schema

DATA = "data.parquet"
TRACE_COLUMN = "trace"  #: of `data.parquet`, for `data.trace_column`
_ROWS_PER_GROUP = 500
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


def write_table(path: Path, rows: Iterator[dict[str, object]]) -> None:
    """The table, whole or not at all, a group of rows in memory at a time; raises FileError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with pq.ParquetWriter(partial, SCHEMA) as writer:
            group: list[dict[str, object]] = []
            for row in rows:
                group.append(row)
                if len(group) == _ROWS_PER_GROUP:
                    writer.write_table(pa.Table.from_pylist(group, SCHEMA))
                    group = []
            if group:
                writer.write_table(pa.Table.from_pylist(group, SCHEMA))
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FileError(f"{path}: cannot be written ({error.strerror or error}); make room and run again") from error
