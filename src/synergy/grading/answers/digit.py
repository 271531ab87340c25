"""Digits: the counting kind of the mixed reward, a match or nothing (2504.11468, section 4.1).

The study does not say how it normalises; ours is strict: after unwrapping exactly one of 0 … 9, so neither
"7.0", "07" nor "seven".
"""

from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, right, wrong
from synergy.records import AnswerKind, Problem

_DIGITS = frozenset("0123456789")


def _read(text: str, problem: Problem) -> str | None:
    digit = unwrap(text)
    return digit if digit in _DIGITS else None


def _score(gold: str, predicted: str, problem: Problem) -> Comparison:
    return right("digit/match") if gold == predicted else wrong("digit/different")


DIGIT = AnswerRule(AnswerKind.DIGIT, _read, _score)
