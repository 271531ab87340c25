"""MM-Eureka's dataset.jsonl: the chat in `conversations`, pictures in `image_urls`, the gold answer in `answer`.

What is not known of the published file is said in `synergy.data.layouts.mm_eureka`, which reads it.
"""

from typing import Any

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.marks import marked, unmarked
from synergy.data.formats.our_row import TRACE, answered, beside, taken_back
from synergy.data.layouts.chats import marked_turns
from synergy.data.layouts.layout import Layout, Row, text
from synergy.data.layouts.mm_eureka import MM_EUREKA as LAYOUT


def _read(row: Row) -> Row | None:
    found = answered(row, text(row, "answer")) if row.get("answer_kind") else None
    if found is None:
        return LAYOUT.read(row)
    pictures = picture_cells(row.get("image_urls"))
    question = unmarked(marked_turns(row, "conversations")["user"], len(pictures))
    return {**taken_back(row), **found, "question": question, "images": pictures}


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    del writing
    turns = [{"role": "user", "content": marked(row["question"], len(row["images"]))}]
    return {**beside(row), "conversations": turns, "answer": row["answer"], "image_urls": row["images"]}


MM_EUREKA = Format(
    name="mm_eureka",
    layout=Layout(source=LAYOUT.source, columns=LAYOUT.columns, read=_read),
    detect=lambda columns, _: {"id", "answer"} <= set(columns) and ("image_urls" in columns or "message" in columns),
    write=_write,
    suffixes=(".jsonl",),
    images=(ImageMode.PATH,),
    cannot_hold=frozenset({TRACE}),
    num_images=(1, None),
    note="picture paths are relative to the table; the published file has file:// urls",
)
