"""VLMEvalKit's TSV: index, image (base64) or image_path, question, answer, options in columns A … Z, category.

A question of ours that shows its options keeps them, so VLMEvalKit, which lists the columns itself, asks with both.
"""

import base64
import json
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

from synergy.data.formats.cells import from_base64
from synergy.data.formats.chat import text_or_none
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.our_row import GROUP, TRACE, answered
from synergy.data.layouts.layout import Layout, Row, text
from synergy.data.options import gold_letter
from synergy.errors import InputError
from synergy.records import AnswerKind

_MAX_REFERENCE = 64  # a shorter image cell is the index of the row that has the picture
_PLAIN = ("id", "source", "reference", GROUP)


def _read(row: Row) -> Row | None:
    choices = [str(row[letter]) for letter in ascii_uppercase if text_or_none(row, letter) is not None]
    written = text(row, "answer")
    if choices and not row.get("answer_kind"):
        found: dict[str, Any] | None = {"answer": gold_letter(written, choices), "answer_kind": AnswerKind.OPTION}
    else:
        found = answered(row, written)
    if found is None:
        return None
    level = text_or_none(row, "level")
    if level is not None and not level.isdigit():
        raise InputError(f"level is {level!r}; expected a whole number or nothing")
    return {
        **{name: row[name] for name in _PLAIN if row.get(name)},
        **({"id": str(row["index"])} if not row.get("id") else {}),
        **found,
        "question": text(row, "question"),
        "choices": choices,
        "images": _pictures(row),
        "family": text_or_none(row, "category"),
        "level": None if level is None else int(level),
    }


def _pictures(row: Row) -> list[object]:
    cell = text_or_none(row, "image")
    if cell is None:
        return _listed(text_or_none(row, "image_path") or "")
    if len(cell) <= _MAX_REFERENCE:
        raise InputError(f"image is '{cell}', which names another row's picture; expected base64")
    return [{"bytes": from_base64(each), "path": None} for each in _listed(cell)]


def _listed(cell: str) -> list[Any]:
    """A cell's texts: one, or several in a list as Python or JSON writes it."""
    if not cell.startswith("["):
        return [cell] if cell else []
    return [each.strip().strip("'\"") for each in cell.strip("[]").split(",")]


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    choices: list[str] = row["choices"]
    if len(choices) > len(ascii_uppercase):
        raise InputError(f"{len(choices)} options; expected at most {len(ascii_uppercase)}, a letter for each")
    if any(not each.strip() for each in choices):
        raise InputError("an option is empty; expected a text, as an empty cell ends the options there")
    cells = [_cell(each) for each in row["images"]]
    column = "image_path" if writing.images is ImageMode.PATH else "image"
    return {
        "index": writing.index,
        column: "" if not cells else cells[0] if len(cells) == 1 else json.dumps(cells),
        "question": row["question"],
        "answer": row["answer"],
        **dict.fromkeys(ascii_uppercase[:10], ""),
        **dict(zip(ascii_uppercase, choices, strict=False)),
        "category": row["family"] or "",
        **{name: row[name] or "" for name in _PLAIN},
        "answer_kind": row["answer_kind"],
        "level": "" if row["level"] is None else row["level"],
    }


def _cell(picture: Any) -> str:
    if isinstance(picture, Mapping):
        return base64.b64encode(picture["bytes"]).decode()
    return picture.partition(";base64,")[2] if picture.startswith("data:") else picture


VLMEVALKIT = Format(
    name="vlmevalkit",
    layout=Layout(
        source="open-compass/VLMEvalKit, docs/en/Development.md", columns=("index", "question", "answer"), read=_read
    ),
    detect=lambda columns, _: {"index", "question", "answer"} <= set(columns),
    write=_write,
    suffixes=(".tsv",),
    images=(ImageMode.BASE64, ImageMode.PATH),
    cannot_hold=frozenset({TRACE}),
)
