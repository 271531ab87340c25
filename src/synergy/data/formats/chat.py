"""Our row as turns of a chat, and back: marks for pictures, the preset's instruction, a worked response."""

from collections.abc import Sequence
from typing import Any

from synergy.data.formats.marks import marked, unmarked
from synergy.data.formats.our_row import TRACE, answered, taken_back
from synergy.data.layouts.chats import worked
from synergy.data.layouts.layout import Row
from synergy.errors import InputError
from synergy.prompts import PRESETS, THINK_CLOSE, THINK_OPEN, PromptPreset


def asked(row: Row, preset: PromptPreset) -> str:
    """The user's turn: a mark a picture, the question, the preset's instruction."""
    return marked(preset.user_text(row["question"]), len(row["images"]))


def response(row: Row, preset: PromptPreset) -> str:
    """The assistant's turn; raises InputError where the trace would not come back."""
    trace: str = row[TRACE]
    written = preset.response(trace, row["answer"])
    if THINK_OPEN in trace or THINK_CLOSE in trace:
        raise InputError(f"the trace holds {THINK_OPEN} or {THINK_CLOSE} itself; expected reasoning without tags")
    return marked(written, 0)


def without_instruction(text: str) -> str:
    """The user's turn without the instruction of a preset of ours."""
    for preset in PRESETS.values():
        if preset.instruction and text.endswith(preset.instruction):
            return text.removesuffix(preset.instruction).strip()
    return text


def read_chat(
    beside: Row, user: str, assistant: str | None, written: str | None, pictures: Sequence[object]
) -> dict[str, Any] | None:
    """A row of ours from a chat; None where its answer is of no kind that we can grade.

    `beside` holds our own fields, `written` the gold answer, None for that of the response. Raises InputError where
    there is neither, and for marks that are not as many as pictures.
    """
    trace, given = worked(unmarked(assistant, 0)) if assistant else ("", None)
    gold = written if written is not None and written.strip() else given
    if gold is None:
        raise InputError("no answer: neither a column for it nor a response with one in tags or \\boxed{}")
    found = answered(beside, gold.strip())
    if found is None:
        return None
    question = without_instruction(unmarked(user, len(pictures)))
    return {
        **taken_back(beside),
        **found,
        "question": question,
        "images": list(pictures),
        **({TRACE: trace} if trace else {}),
    }


def text_or_none(row: Row, *names: str) -> str | None:
    """The first of the cells that is there, as text."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return None
