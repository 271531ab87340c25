"""Rows that hold a chat: what the user asked, and a response's thinking and answer."""

import json
import re
from collections.abc import Mapping
from typing import Any

from synergy.data.layouts.layout import Row
from synergy.errors import InputError
from synergy.grading.answer_forms import find_answers
from synergy.prompts import ANSWER_TAGS, BOXED, THINK_CLOSE, THINK_OPEN, PromptPreset

_ROLES = {"human": "user", "gpt": "assistant"}
_IMAGE_MARK = re.compile(r"\s*<image>\s*")


def turns(row: Row, *names: str) -> dict[str, str]:
    """Texts by role (system, user, assistant), the first turn of each, from the first column that is there.

    Turns are {role, content} or {from, value}; content is a text or a list of parts, and a column may hold all of it
    as JSON text. Raises InputError for anything else.
    """
    return {role: _IMAGE_MARK.sub(" ", words).strip() for role, words in marked_turns(row, *names).items()}


def marked_turns(row: Row, *names: str) -> dict[str, str]:
    """The same with the marks that stand for pictures left in the texts."""
    name = next((name for name in names if row.get(name)), names[0])
    value: Any = row.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            value = None
    found: dict[str, str] = {}
    for turn in value if isinstance(value, list) else []:
        if isinstance(turn, Mapping):
            role = str(turn.get("role") or turn.get("from"))
            found.setdefault(_ROLES.get(role, role), _words(turn.get("content", turn.get("value"))))
    if not found.get("user"):
        raise InputError(
            f"column {name} is {str(row.get(name))[:60]!r}; expected turns of a chat, one of them the user's (its "
            f"columns: {', '.join(row)})"
        )
    return found


def worked(response: str) -> tuple[str, str | None]:
    r"""A response's thinking, all before its answer where there are no tags, and the answer in tags or \boxed{}."""
    thinking, closed, conclusion = response.partition(THINK_CLOSE)
    conclusion = conclusion if closed else response
    answer = _last(conclusion, ANSWER_TAGS) or _last(conclusion, BOXED)
    return thinking.strip().removeprefix(THINK_OPEN).strip() if closed else "", answer


def _last(text: str, preset: PromptPreset) -> str | None:
    found = [answer.strip() for answer in find_answers(text, preset) if answer.strip()]
    return found[-1] if found else None


def _words(content: object) -> str:
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        content = "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""
