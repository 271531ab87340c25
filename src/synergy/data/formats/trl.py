"""TRL's conversational data sets with pictures: prompt-only (GRPO), prompt-completion and messages (SFT).

Contents are lists of parts, so that no word in a text is a mark; further columns go to TRL's reward functions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.chat import read_chat, response, text_or_none
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.marks import marked, unmarked
from synergy.data.formats.our_row import BESIDE, TRACE, beside
from synergy.data.formats.parquet import PART_TURNS, image_list
from synergy.data.layouts.chats import marked_turns
from synergy.data.layouts.layout import Layout, Row
from synergy.errors import InputError
from synergy.prompts import PromptPreset

_SOURCE = "TRL 1.16.0, docs/source/dataset_formats.md; trl/data_utils.py"
_PARQUET = (".parquet",)


def part_prompt(row: Row, preset: PromptPreset) -> list[dict[str, Any]]:
    """System and user turns, contents as parts."""
    turns = [_turn("system", [{"type": "text", "text": preset.system}])] if preset.system else []
    pictures = [{"type": "image", "text": None}] * len(row["images"])
    return [*turns, _turn("user", [*pictures, {"type": "text", "text": preset.user_text(row["question"])}])]


def read_parts(row: Row, name: str, assistant: str, gold: str | None, *, marks_in_texts: bool = False) -> Row | None:
    """A row of ours from a prompt in parts or texts, and the column of the assistant's turn.

    With `marks_in_texts` "<image>" stands for a picture where there are no parts; else it is a word.
    """
    pictures = picture_cells(row.get("images") or row.get("image"))
    prompt: Any = row.get(name)
    num_parts = (
        sum(_num_images(turn) for turn in prompt if isinstance(turn, Mapping)) if isinstance(prompt, list) else 0
    )
    if num_parts not in (0, len(pictures)):
        raise InputError(f"{num_parts} image parts with {len(pictures)} pictures; expected as many")
    chat = marked_turns(row, name)
    said = chat.get("assistant") or (row.get(assistant) and _said(row, assistant)) or ""
    # read_chat takes marks out: words that look like one are escaped before
    has_marks = marks_in_texts and num_parts == 0
    user = chat["user"] if has_marks else marked(chat["user"], len(pictures))
    return read_chat(row, user, marked(said, 0), gold, pictures)


def _said(row: Row, name: str) -> str:
    turns: Any = row.get(name)
    return marked_turns({name: [{"role": "user", "content": turn.get("content")} for turn in turns]}, name)["user"]


def _num_images(turn: Mapping[str, Any]) -> int:
    content = turn.get("content")
    return sum(part.get("type") in ("image", "image_url") for part in content) if isinstance(content, list) else 0


def _turn(role: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"role": role, "content": parts}


def _worked(row: Row, preset: PromptPreset) -> dict[str, Any]:
    return _turn("assistant", [{"type": "text", "text": unmarked(response(row, preset), 0)}])


def _read(name: str) -> Any:
    def read(row: Row) -> Row | None:
        return read_parts(row, name, "completion", text_or_none(row, "solution", "answer"))

    return read


def _rest(row: Row) -> dict[str, Any]:
    return {"images": row["images"], "solution": row["answer"], **beside(row)}


def _write_prompt_only(row: Row, writing: Writing) -> dict[str, Any]:
    return {"prompt": part_prompt(row, writing.preset), **_rest(row)}


def _write_prompt_completion(row: Row, writing: Writing) -> dict[str, Any]:
    preset = writing.preset
    return {"prompt": part_prompt(row, preset), "completion": [_worked(row, preset)], **_rest(row)}


def _write_messages(row: Row, writing: Writing) -> dict[str, Any]:
    preset = writing.preset
    return {"messages": [*part_prompt(row, preset), _worked(row, preset)], **_rest(row)}


def _columns(*names: str) -> Any:
    def columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
        turns = [(name, PART_TURNS) for name in names]
        return [*turns, ("images", image_list(images)), ("solution", pa.string()), *BESIDE]

    return columns


def _has_parts(row: Row, name: str) -> bool:
    turns: Any = row.get(name)
    return isinstance(turns, list) and any(isinstance(each.get("content"), list) for each in turns)


PROMPT_ONLY = Format(
    name="trl_prompt_only",
    layout=Layout(source=_SOURCE, columns=("prompt",), read=_read("prompt")),
    detect=lambda columns, row: (
        _has_parts(row, "prompt") and not {"completion", "label", "reward_model"} & set(columns)
    ),
    write=_write_prompt_only,
    suffixes=_PARQUET,
    images=(ImageMode.BYTES,),
    cannot_hold=frozenset({TRACE}),
    columns=_columns("prompt"),
)
PROMPT_COMPLETION = Format(
    name="trl_prompt_completion",
    layout=Layout(source=_SOURCE, columns=("prompt", "completion"), read=_read("prompt"), traces=(TRACE,)),
    detect=lambda columns, row: _has_parts(row, "prompt") and "completion" in columns,
    write=_write_prompt_completion,
    suffixes=_PARQUET,
    images=(ImageMode.BYTES,),
    needs_trace=True,
    columns=_columns("prompt", "completion"),
)
MESSAGES = Format(
    name="trl_messages",
    layout=Layout(source=_SOURCE, columns=("messages",), read=_read("messages"), traces=(TRACE,)),
    detect=lambda _, row: _has_parts(row, "messages"),
    write=_write_messages,
    suffixes=_PARQUET,
    images=(ImageMode.BYTES,),
    needs_trace=True,
    columns=_columns("messages"),
)
FORMATS = (PROMPT_ONLY, PROMPT_COMPLETION, MESSAGES)
