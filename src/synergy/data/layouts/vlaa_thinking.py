"""VLAA-Thinking (2504.11468): R1's reasoning rewritten for pictures, and the harder questions for RL.

UCSC-VLAA/VLAA-Thinking, VLAA-Thinking-SFT-126K.json and -GRPO-25K.json. Known from the project's README: id, image,
question, gt (a number or a text), ds_answer (<think> … </think> and words after it), caption, meta. By other people's
loaders SFT rows may have `answer` with <answer> tags for ds_answer and lack gt, and GRPO rows have `verifier_type`,
whose values are not known: the kind of an answer comes from the set that the image's path begins with, as the paper's
figure 4 has it. The caption and meta describe the picture and are in no prompt. No problem: boxes (coco, vg), as how
they are written is not known, and answers that are not of their set's kind.
"""

import re

from synergy.data.layouts.answer_kinds import gradable
from synergy.data.layouts.chats import worked
from synergy.data.layouts.layout import Layout, Row, text
from synergy.data.options import gold_letter, listed_options
from synergy.errors import InputError
from synergy.records import AnswerKind

_OPTIONS = ("geoqa170k", "arxivqa")
_DIGITS = ("clevr_math",)
_FORMULAS = ("synthesis",)
_OPEN = ("docvqa", "vizwiz", "allava_laion", "chartqa")
_BOXES = ("coco", "vg")
_STATED = re.compile(r"†\s*Answer:\s*(?P<answer>.+?)\.?\s*$", re.DOTALL)


def _read(row: Row) -> Row | None:
    image = text(row, "image")
    source, question = image.partition("/")[0], text(row, "question")
    written = row.get("gt")
    if written is None or written == "":
        written = worked(str(row.get("answer") or ""))[1]
    if written is None:
        return None
    found = _answer(source, question, str(written).strip())
    if found is None:
        return None
    answer, kind, choices = found
    return {
        "id": str(row["id"]),
        "question": question,
        "answer": answer,
        "answer_kind": kind,
        "choices": list(choices),
        "images": [image],
        "source": "vlaa_thinking",
        "family": source,
    }


def _read_with_trace(row: Row) -> Row | None:
    problem = _read(row)
    if problem is None:
        return None
    trace, _ = worked(str(row.get("ds_answer") or row.get("answer") or ""))
    return {**problem, "trace": trace} if trace else None


def _answer(source: str, question: str, written: str) -> tuple[str, AnswerKind, tuple[str, ...]] | None:
    if source in _OPTIONS:
        choices = listed_options(question)
        try:
            return gold_letter(written, choices), AnswerKind.OPTION, choices
        except InputError:
            return None
    if source in _DIGITS:
        return (written, AnswerKind.DIGIT, ()) if re.fullmatch(r"\d", written) else None
    if source in _FORMULAS:
        stated = _STATED.search(written)
        found = gradable(stated["answer"] if stated else worked(written)[1] or written)
        return None if found is None else (*found, ())
    if source in _OPEN:
        return written, AnswerKind.OPEN, ()
    if source in _BOXES:
        return None
    raise InputError(f"image begins with '{source}'; expected one of the sets in this layout's docstring")


_COLUMNS = ("id", "image", "question")
_SOURCE = "UCSC-VLAA/VLAA-Thinking, README; 2504.11468, figure 4"
VLAA_THINKING_SFT = Layout(
    source=_SOURCE, columns=(*_COLUMNS, "ds_answer|answer"), read=_read_with_trace, traces=("trace",)
)
VLAA_THINKING_GRPO = Layout(source=_SOURCE, columns=(*_COLUMNS, "gt"), read=_read)
