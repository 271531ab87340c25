"""Ours: the columns that `synergy.data.rows` reads, as parquet or JSON lines."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.our_row import FIELDS, GROUP, TRACE
from synergy.data.layouts.layout import Layout, Row
from synergy.data.layouts.synergy import SYNERGY as LAYOUT
from synergy.problem_columns import PROBLEM_COLUMNS


def _read(row: Row) -> Row:
    return {**row, "images": picture_cells(row.get("images"))}


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    del writing
    return dict(row)


def _columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
    own = [(column.name, column.type) for column in PROBLEM_COLUMNS]
    if images is not ImageMode.BYTES:
        own = [(name, pa.list_(pa.string()) if name == "images" else kind) for name, kind in own]
    return [*own, (GROUP, pa.string()), (TRACE, pa.string())]


SYNERGY = Format(
    name="synergy",
    layout=Layout(source=LAYOUT.source, columns=LAYOUT.columns, read=_read, traces=(TRACE,)),
    detect=lambda columns, _: set(LAYOUT.columns) <= set(columns) and "index" not in columns,
    write=_write,
    suffixes=(".parquet", ".jsonl", ".json"),
    images=(ImageMode.BYTES, ImageMode.PATH, ImageMode.BASE64),
    columns=_columns,
)
assert set(FIELDS) == {name for name, _ in _columns(ImageMode.BYTES)}
