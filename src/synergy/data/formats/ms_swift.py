"""ms-swift: `messages` with "<image>" in texts, `images`, and `solution`, which its reward functions are given.

For GRPO it drops the assistant's turn, so that one file serves both.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.chat import asked, read_chat, response, text_or_none
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.our_row import BESIDE, TRACE, beside
from synergy.data.formats.parquet import TURNS, image_list
from synergy.data.layouts.chats import marked_turns
from synergy.data.layouts.layout import Layout, Row


def _read(row: Row) -> Row | None:
    chat = marked_turns(row, "messages")
    gold = text_or_none(row, "solution")
    return read_chat(row, chat["user"], chat.get("assistant"), gold, picture_cells(row.get("images")))


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    preset = writing.preset
    turns = [{"role": "system", "content": preset.system}] if preset.system else []
    turns.append({"role": "user", "content": asked(row, preset)})
    if row[TRACE]:
        turns.append({"role": "assistant", "content": response(row, preset)})
    return {"messages": turns, "images": row["images"], "solution": row["answer"], **beside(row)}


def _columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
    return [("messages", TURNS), ("images", image_list(images)), ("solution", pa.string()), *BESIDE]


def _detect(columns: Sequence[str], row: Row) -> bool:
    turns: Any = row.get("messages")
    is_plain = isinstance(turns, list) and bool(turns) and isinstance(turns[0].get("content"), str)
    return is_plain and "image_urls" not in columns


MS_SWIFT = Format(
    name="ms_swift",
    layout=Layout(
        source="ms-swift 4.6.0, swift/dataset/preprocessor/core.py", columns=("messages",), read=_read, traces=(TRACE,)
    ),
    detect=_detect,
    write=_write,
    suffixes=(".jsonl", ".json", ".parquet"),
    images=(ImageMode.PATH, ImageMode.BASE64, ImageMode.BYTES),
    columns=_columns,
    note="relative picture paths are looked for where swift is started: start it in the table's folder",
)
