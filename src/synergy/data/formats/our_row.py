"""Our row: which fields there are, what each must be, and those that stand beside another format's own columns.

A format that leaves further columns alone keeps our fields under our names, so that they come back.
"""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from synergy.data.layouts.answer_kinds import gradable
from synergy.data.layouts.layout import Row
from synergy.errors import InputError, unknown_name
from synergy.problem_columns import PROBLEM_COLUMNS
from synergy.records import AnswerKind

TRACE = "trace"
GROUP = "group"
FIELDS = (*(column.name for column in PROBLEM_COLUMNS), GROUP, TRACE)
#: what a model's difficulty is called in the data sets of 2507.07562
TAG = re.compile(r"(?:passrate|difficulty_level)_for_.+")
_OPTIONAL = ("source", "family", "reference", GROUP, TRACE)
#: our fields that hardly any format has a place for, with their types in parquet
BESIDE: tuple[tuple[str, pa.DataType], ...] = (
    ("id", pa.string()),
    ("answer_kind", pa.string()),
    ("choices", pa.list_(pa.string())),
    ("source", pa.string()),
    ("family", pa.string()),
    ("level", pa.int64()),
    ("reference", pa.string()),
    (GROUP, pa.string()),
)


def beside(row: Row) -> dict[str, Any]:
    """Our fields for columns of their own beside another format's."""
    return {name: row.get(name) for name, _ in BESIDE}


def taken_back(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `beside` wrote, as far as it is there."""
    return {name: row[name] for name, _ in BESIDE if row.get(name) not in (None, "", [])}


def answered(row: Mapping[str, Any], written: str) -> dict[str, Any] | None:
    """Answer and kind: as they stand where the row has our kind, else as `gradable` reads it; None for neither."""
    kind = row.get("answer_kind")
    if isinstance(kind, str) and kind in set(AnswerKind):
        return {"answer": written, "answer_kind": kind}
    found = gradable(written)
    return None if found is None else {"answer": found[0], "answer_kind": found[1]}


def checked(row: Row) -> dict[str, Any]:
    """All fields of ours, empty ones None, and tags of difficulty; raises InputError for what they must not be."""
    found: dict[str, Any] = {"choices": [str(each) for each in row.get("choices") or ()]}
    found["images"] = list(row.get("images") or ())
    for name in ("id", "question", "answer", "answer_kind"):
        value = row.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{name} is {value!r}; expected a text (columns: {', '.join(row)})")
        found[name] = value.strip()
    if found["answer_kind"] not in set(AnswerKind):
        raise unknown_name("answer_kind", found["answer_kind"], AnswerKind)
    found["answer_kind"] = AnswerKind(found["answer_kind"]).value
    for name in _OPTIONAL:
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            raise InputError(f"{name} is {value!r}; expected a text or nothing")
        found[name] = (value or "").strip() or None
    found["level"] = _level(row.get("level"))
    found |= {name: value for name, value in row.items() if TAG.fullmatch(name)}
    for name, value in found.items():
        _check_encodable(name, value)
    return {name: found[name] for name in (*FIELDS, *(name for name in found if TAG.fullmatch(name)))}


def _level(value: object) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"level is {value!r}; expected a whole number or nothing")
    return value


def _check_encodable(name: str, value: object) -> None:
    texts = value if isinstance(value, list) else [value]
    for text in texts:
        if isinstance(text, str):
            try:
                text.encode()
            except UnicodeEncodeError:
                raise InputError(f"{name} holds half of a surrogate pair, which no file can; expected text") from None
