"""Pocket problems, pictures and traces as parquet files that `datasets.load_dataset("parquet", …)` reads."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL.Image import Image

from synergy.errors import FileError
from synergy.pocket.world import Item
from synergy.problem_columns import DECODED_IMAGES, problem_schema

ROWS_PER_GROUP = 500

SCHEMA = problem_schema(
    ("caption", pa.string()),
    ("short_trace", pa.string()),
    ("long_trace", pa.string()),
    ("text_twin", pa.string()),
    metadata=DECODED_IMAGES,
)


def row(item: Item) -> dict[str, Any]:
    """An item as a parquet row, its picture as PNG bytes."""
    problem = item.problem()
    return {
        "id": problem.id,
        "question": problem.question,
        "answer": problem.answer,
        "answer_kind": problem.answer_kind.value,
        "choices": list(problem.choices),
        "images": [{"bytes": _png(image), "path": None} for image in problem.images],
        "source": problem.source,
        "family": problem.family,
        "level": problem.level,
        "reference": problem.reference,
        "caption": item.caption(),
        "short_trace": item.short().trace,
        "long_trace": item.long().trace,
        "text_twin": item.text_twin().question,
    }


def export(items: Iterable[Item], folder: Path, split: str) -> Iterator[int]:
    """Write `folder/split.parquet`; yields the number of rows done after each group of rows.

    The file appears under its name only when it is complete. Raises FileError where the folder can't be written.
    """
    target = folder / f"{split}.parquet"
    partial = target.with_suffix(".parquet.partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(partial, SCHEMA) as writer:
            rows, done = [], 0
            for item in items:
                rows.append(row(item))
                if len(rows) == ROWS_PER_GROUP:
                    writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
                    done += len(rows)
                    rows = []
                    yield done
            if rows:
                writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
                yield done + len(rows)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FileError(
            f"cannot write {target}: {error.strerror or error}; expected a writable folder: give another --out"
        ) from error


def _png(image: Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
