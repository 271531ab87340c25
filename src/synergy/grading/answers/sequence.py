"""Lists: several numbers or texts in order, "[2, 3.0, five]"; right as a whole or not at all.

Leniently the order does not count.
"""

from fractions import Fraction

from synergy.grading.answers.quantity import read_quantity
from synergy.grading.answers.text import plain_words
from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, right, wrong
from synergy.records import AnswerKind, Problem

_MAX_ITEMS = 100
_Item = Fraction | tuple[str, ...]


def _read(text: str, problem: Problem) -> tuple[_Item, ...] | None:
    text = unwrap(text)
    if text[:1] + text[-1:] in ("[]", "()", "{}"):
        text = text[1:-1]
    parts = text.replace(";", ",").split(",")
    if len(parts) > _MAX_ITEMS:
        return None
    items = [item for part in parts if (item := _item(part.strip(" '\""))) is not None]
    return tuple(items) if len(items) == len(parts) else None


def _item(text: str) -> _Item | None:
    quantity = read_quantity(text)
    return quantity.value if quantity else plain_words(text) or None


def _score(gold: tuple[_Item, ...], predicted: tuple[_Item, ...], problem: Problem) -> Comparison:
    if gold == predicted:
        return right("list/match")
    return wrong("list/different", leniently_right=sorted(map(str, gold)) == sorted(map(str, predicted)))


LIST = AnswerRule(AnswerKind.LIST, _read, _score)
