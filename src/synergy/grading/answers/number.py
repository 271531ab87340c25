"""Numbers: integers and decimals, compared exactly as fractions, so that 7.0 is 7 and 0.30 is not 0.3000001.

No tolerance, units, percent or fractions: a problem whose answer needs those is not of this kind.
"""

import re
from fractions import Fraction

from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, right, wrong
from synergy.records import AnswerKind, Problem

#: Digits beyond this are no answer; it also keeps clear of Python's limit on converting long integers.
_MAX_CHARACTERS = 100
_NUMBER = re.compile(r"(?P<sign>[+-]?)\s*(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?|[0-9]+\.?[0-9]*|\.[0-9]+)")


def parse_number(text: str) -> Fraction | None:
    """The exact value of an unwrapped number, None where the text is anything else."""
    # U+2212 is the minus sign of typeset text; {,} is how LaTeX writes a thousands comma.
    text = text.replace("\u2212", "-").replace("{,}", ",")
    match = _NUMBER.fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    return Fraction(match["sign"] + match["digits"].replace(",", "")) if match else None


def _read(text: str, problem: Problem) -> Fraction | None:
    return parse_number(unwrap(text))


def _score(gold: Fraction, predicted: Fraction) -> Comparison:
    return right("number/exact") if gold == predicted else wrong("number/different")


NUMBER = AnswerRule(AnswerKind.NUMBER, _read, _score)
