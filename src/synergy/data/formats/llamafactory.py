"""LLaMA-Factory's two layouts for SFT, sharegpt and alpaca, each with its entry in dataset_info.json."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.chat import asked, read_chat, response, text_or_none
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.our_row import BESIDE, TRACE, beside
from synergy.data.formats.parquet import image_list
from synergy.data.layouts.chats import marked_turns
from synergy.data.layouts.layout import Layout, Row, text
from synergy.errors import InputError

_SOURCE = "LLaMA-Factory 0.9.5, data/README.md; llamafactory/data/converter.py"
_SUFFIXES = (".json", ".jsonl", ".parquet")
_IMAGES = (ImageMode.PATH, ImageMode.BYTES)
_FROM = pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())]))


def _read_sharegpt(row: Row) -> Row | None:
    chat = marked_turns(row, "conversations")
    gold = text_or_none(row, "answer")
    return read_chat(row, chat["user"], chat.get("assistant"), gold, picture_cells(row.get("images")))


def _write_sharegpt(row: Row, writing: Writing) -> dict[str, Any]:
    system = [{"from": "system", "value": writing.preset.system}] if writing.preset.system else []
    turns = [
        {"from": "human", "value": asked(row, writing.preset)},
        {"from": "gpt", "value": response(row, writing.preset)},
    ]
    return {
        "conversations": [*system, *turns],
        "images": row["images"],
        "answer": row["answer"],
        **beside(row),
    }


def _read_alpaca(row: Row) -> Row | None:
    if row.get("history"):
        raise InputError("the row has a history; expected one question and its answer")
    user = "\n".join(filter(None, [text(row, "instruction"), text_or_none(row, "input")]))
    gold = text_or_none(row, "answer")
    return read_chat(row, user, text_or_none(row, "output"), gold, picture_cells(row.get("images")))


def _write_alpaca(row: Row, writing: Writing) -> dict[str, Any]:
    return {
        "instruction": asked(row, writing.preset),
        "input": "",
        "output": response(row, writing.preset),
        "system": writing.preset.system or "",
        "images": row["images"],
        "answer": row["answer"],
        **beside(row),
    }


def _sharegpt_columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
    return [("conversations", _FROM), ("images", image_list(images)), ("answer", pa.string()), *BESIDE]


def _alpaca_columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
    texts = [(name, pa.string()) for name in ("instruction", "input", "output", "system", "answer")]
    return [*texts, ("images", image_list(images)), *BESIDE]


def _detect_sharegpt(columns: Sequence[str], row: Row) -> bool:
    turns: Any = row.get("conversations")
    is_theirs = isinstance(turns, list) and bool(turns) and "from" in turns[0]
    return is_theirs and "image_urls" not in columns


SHAREGPT = Format(
    name="llamafactory_sharegpt",
    layout=Layout(source=_SOURCE, columns=("conversations",), read=_read_sharegpt, traces=(TRACE,)),
    detect=_detect_sharegpt,
    write=_write_sharegpt,
    suffixes=_SUFFIXES,
    images=_IMAGES,
    needs_trace=True,
    columns=_sharegpt_columns,
    dataset_info={
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "images": "images"},
        "tags": {
            "role_tag": "from",
            "content_tag": "value",
            "user_tag": "human",
            "assistant_tag": "gpt",
            "system_tag": "system",
        },
    },
)
ALPACA = Format(
    name="llamafactory_alpaca",
    layout=Layout(source=_SOURCE, columns=("instruction", "output"), read=_read_alpaca, traces=(TRACE,)),
    detect=lambda columns, _: {"instruction", "output"} <= set(columns),
    write=_write_alpaca,
    suffixes=_SUFFIXES,
    images=_IMAGES,
    needs_trace=True,
    columns=_alpaca_columns,
    dataset_info={
        "formatting": "alpaca",
        "columns": {
            "prompt": "instruction",
            "query": "input",
            "response": "output",
            "system": "system",
            "images": "images",
        },
    },
)
