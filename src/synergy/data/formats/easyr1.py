"""EasyR1: problem with "<image>" in it, answer, images; its configuration holds the instruction (`format_prompt`)."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.chat import read_chat
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.marks import marked
from synergy.data.formats.our_row import BESIDE, TRACE, beside
from synergy.data.formats.parquet import image_list
from synergy.data.layouts.layout import Layout, Row, text


def _read(row: Row) -> Row | None:
    pictures = picture_cells(row.get("images"))
    return read_chat(row, text(row, "problem"), None, text(row, "answer"), pictures)


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    del writing
    problem = marked(row["question"], len(row["images"]))
    return {"problem": problem, "answer": row["answer"], "images": row["images"], **beside(row)}


def _columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
    return [("problem", pa.string()), ("answer", pa.string()), ("images", image_list(images)), *BESIDE]


EASYR1 = Format(
    name="easyr1",
    layout=Layout(source="hiyouga/EasyR1, verl/utils/dataset.py", columns=("problem", "answer"), read=_read),
    detect=lambda columns, _: {"problem", "answer"} <= set(columns) and "solution" not in columns,
    write=_write,
    suffixes=(".parquet", ".jsonl", ".json"),
    images=(ImageMode.BYTES, ImageMode.PATH),
    cannot_hold=frozenset({TRACE}),
    columns=_columns,
    note="the instruction belongs into data.format_prompt there; for paths set data.image_dir to the table's folder",
)
