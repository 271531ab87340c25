"""What a step of a response states as its result, and whether that is the gold answer.

No study says how intermediate answers are read. Ours: a step's result is what follows its last "=", ":", "is", "equals"
or "at", up to the end of the step, without a remark after it ("17, not 18"), a unit of degrees or signs around it. It
may be a number, a letter, a formula or a list; longer than `MOST_CHARACTERS` it is prose and no result.
"""

import re
from functools import lru_cache

from synergy.grading.grade import grade_answer
from synergy.records import AnswerKind, Problem

MOST_CHARACTERS = 60
SUBJECT_WORDS = 3

_MARK = re.compile(r"[=≈:]|\b(?:is|are|equals?|at)\b", re.IGNORECASE)
_LAST_WORDS = re.compile(r"(?:[^\W\d_]+\s+)*[^\W\d_]+\s*$")
_REMARK = re.compile(r",? (?:not|so|and so|because|since|as)\b.*$", re.IGNORECASE | re.DOTALL)
_AROUND = re.compile(r"^(?:[\s$*]|\\[(\[])+|(?:[\s$*.,;:!?]|\\[)\]])+$")
_DEGREES = re.compile(r"\s*(?:°|degrees?|\^\\?circ|\^\{\\circ\})\s*$", re.IGNORECASE)


def stated(step: str) -> str | None:
    """The result that a step states, None where it states none."""
    marks = list(_MARK.finditer(step))
    if not marks:
        return None
    text = _REMARK.sub("", step[marks[-1].end() :])
    text = _AROUND.sub("", _DEGREES.sub("", _AROUND.sub("", text)))
    return text if text and len(text) <= MOST_CHARACTERS else None


def subject(step: str) -> tuple[str, ...]:
    """What the result is of: up to `SUBJECT_WORDS` words before it in lower case; empty behind a number or a sign."""
    marks = list(_MARK.finditer(step))
    before = step[: marks[-1].start()] if marks else ""
    found = _LAST_WORDS.search(before)
    return tuple(found[0].lower().split()[-SUBJECT_WORDS:]) if found else ()


def is_same_subject(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one ends as the other: "should be count" is about "count"."""
    num = min(len(one), len(other))
    return num > 0 and one[-num:] == other[-num:]


def same(one: str, other: str) -> bool:
    """Whether two results are written alike, apart from case and white space."""
    return "".join(one.lower().split()) == "".join(other.lower().split())


def comparable(one: str, other: str) -> bool:
    """Whether two results are of one shape: numbers, words, or lists of as many; "3" corrects no "purple square"."""
    return _shape(one) == _shape(other)


def _shape(result: str) -> tuple[bool, int, int]:
    is_number = re.fullmatch(r"[-+−]?\d[\d.,/]*%?", result) is not None
    return is_number, 0 if is_number else len(result.split()), result.count(", ")


@lru_cache(maxsize=1 << 16)
def is_right(result: str, gold: str, answer_kind: str) -> bool:
    """Whether a result is the gold answer, by the grading of answers of that kind."""
    kind = AnswerKind(answer_kind)
    if kind is AnswerKind.OPEN:
        return False
    choices = tuple("ABCDEFGH") if kind is AnswerKind.OPTION else ()
    problem = Problem(id="stated", question="", answer=gold, answer_kind=kind, choices=choices)
    return grade_answer(problem, result).correct
