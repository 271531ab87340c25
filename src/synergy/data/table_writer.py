"""Rows into a parquet file that a reader finds whole or not at all, a group of rows in memory at a time."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.errors import FileError, InputError

_ROWS_PER_GROUP = 500


def write_rows(path: Path, schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> int:
    """The number of rows that were written; raises FileError where the file cannot be, InputError for a row's type."""
    partial = path.with_name(f".{path.name}.partial")
    num = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(partial, schema) as writer:
            group: list[Mapping[str, Any]] = []
            for row in rows:
                group.append(row)
                num += 1
                if len(group) == _ROWS_PER_GROUP:
                    writer.write_table(pa.Table.from_pylist(group, schema))
                    group = []
            if group:
                writer.write_table(pa.Table.from_pylist(group, schema))
        partial.replace(path)
    except FileError:  # of what is read, an OSError too
        raise
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        fault = str(error).splitlines()[0]
        raise InputError(f"{path}: a row does not fit the columns ({fault}); expected one type a column") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror or error}); make room and run again") from error
    finally:
        partial.unlink(missing_ok=True)
    return num
