"""PuzzleVQA (2403.13315): 20 kinds of abstract visual puzzle, generated (declare-lab/LLM-PuzzleTest, data/*.json).

A line: image, question, options, answer (number or text), caption, explanation, deduction. The caption says what the
picture shows, so it is in no prompt and no trace; it tells which pictures are twins. In two kinds captions differ where
pictures don't: one lists circles in any order, one names the shape that the question asks about.
"""

import re
from pathlib import PurePosixPath
from string import ascii_uppercase

from synergy.data.layouts.layout import Layout, Row, text
from synergy.errors import InputError
from synergy.records import AnswerKind

_ANY_ORDER = ("color_size_circle",)
_ASKED_SHAPE = re.compile(r"(?<=a missing )\w+(?= in the center)")


def _read(row: Row) -> Row:
    path = PurePosixPath(text(row, "image"))
    options = [str(option) for option in row["options"] or ()]
    answer = str(row["answer"])
    if options.count(answer) != 1:
        raise InputError(f"answer is {answer!r} with options {options}; expected exactly one of them")
    listed = " ".join(f"({letter}) {option}" for letter, option in zip(ascii_uppercase, options, strict=False))
    family = path.parent.name
    return {
        "id": f"{family}/{path.stem}",
        "question": f"{text(row, 'question')} {listed}",
        "answer": ascii_uppercase[options.index(answer)],
        "answer_kind": AnswerKind.OPTION,
        "choices": options,
        "images": [str(path)],
        "source": "puzzlevqa",
        "family": family,
        "group": f"{family}\n{_picture(family, text(row, 'caption'))}",
        "trace": f"{text(row, 'explanation')} {text(row, 'deduction')}",
    }


def _picture(family: str, caption: str) -> str:
    """What is the same in all captions of a picture."""
    caption = _ASKED_SHAPE.sub("shape", caption)
    return " ".join(sorted(re.findall(r"[\w?]+", caption))) if family in _ANY_ORDER else caption


PUZZLEVQA = Layout(
    source="declare-lab/LLM-PuzzleTest, PuzzleVQA/data",
    columns=("image", "question", "options", "answer", "caption", "explanation", "deduction"),
    read=_read,
    traces=("trace",),
)
