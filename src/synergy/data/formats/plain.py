"""Rows of questions and answers in columns of any name, once a map has given them ours; written with a map's names."""

from typing import Any

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.chat import text_or_none
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.our_row import FIELDS, TRACE, answered
from synergy.data.layouts.layout import Layout, Row, text
from synergy.data.options import gold_letter
from synergy.errors import InputError
from synergy.records import AnswerKind


def _read(row: Row) -> Row | None:
    written = text_or_none(row, "answer")
    if written is None:
        raise InputError(f"answer is {row.get('answer')!r}; expected a text (columns: {', '.join(row)})")
    choices: Any = row.get("choices") or []
    if not isinstance(choices, list):
        raise InputError(f"choices are {str(choices)[:60]!r}; expected a list of texts")
    if choices and not row.get("answer_kind"):
        texts = [str(each) for each in choices]
        found: dict[str, Any] | None = {"answer": gold_letter(written, texts), "answer_kind": AnswerKind.OPTION}
    else:
        found = answered(row, written)
    if found is None:
        return None
    given = {name: row[name] for name in FIELDS if row.get(name) not in (None, "", [])}
    if "id" in given:
        given["id"] = str(given["id"])
    return {**given, **found, "question": text(row, "question"), "images": picture_cells(row.get("images"))}


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    del writing
    return {name: row[name] for name in FIELDS}


PLAIN = Format(
    name="plain",
    layout=Layout(source="ours: --map OURS=THEIRS", columns=("question", "answer"), read=_read, traces=(TRACE,)),
    detect=lambda columns, _: {"question", "answer"} <= set(columns),
    write=_write,
    suffixes=(".jsonl", ".json"),
    images=(ImageMode.PATH, ImageMode.BASE64),
)
