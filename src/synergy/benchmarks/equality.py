"""Equality for official rules whose own runs sympy: the cheap part as upstream, the rest by our grading.

Upstream evaluates the response's text in its own process; ours is compared in the grading pool, bounded in time.
"""

import math
import re

from synergy.grading import grade_answer
from synergy.records import AnswerKind, Problem

_PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MAX_CHARACTERS = 500


def plain_number(written: str) -> float | None:
    """The value of a decimal number with or without thousands commas, None for any other text."""
    bare = written.replace(",", "").strip()
    return float(bare) if len(bare) <= _MAX_CHARACTERS and _PLAIN_NUMBER.fullmatch(bare) else None


def tora_equal(predicted: str, gold: str) -> bool:
    """ToRA's `math_equal` for numbers: within 1e-4 of the gold one, or of it as a percentage either way.

    Source: microsoft/ToRA, src/eval/grader.py; commas are dropped from both. Texts that are no numbers are compared by
    `formulas_equal`.
    """
    first, second = plain_number(predicted), plain_number(gold)
    if first is None or second is None:
        return formulas_equal(predicted, gold)
    return any(math.isclose(wanted, first, rel_tol=1e-4) for wanted in (second / 100, second, second * 100))


def formulas_equal(predicted: str, gold: str, *, absolute_tolerance: float = 0.0) -> bool:
    """Whether two texts are the same but for space and case, or equal as formulas by our own grading."""
    if "".join(predicted.split()).lower() == "".join(gold.split()).lower():
        return bool(gold.strip())
    first, second = plain_number(predicted), plain_number(gold)
    if first is not None and second is not None:
        return abs(first - second) <= absolute_tolerance or first == second
    if not predicted.strip() or len(predicted) > _MAX_CHARACTERS:
        return False
    problem = Problem(
        id="",
        question="",
        answer=gold,
        answer_kind=AnswerKind.EXPRESSION,
        absolute_tolerance=absolute_tolerance,
    )
    return grade_answer(problem, predicted).correct
