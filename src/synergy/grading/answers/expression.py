r"""Expressions: any equivalent formula is right.

Formulas are compared here at once, by `grading.formula`; what that cannot read or decide goes to math-verify in the
worker pool. An answer that hangs or breaks it is wrong: "expression/timeout", "expression/crash". A gold answer that is
a word (\text{Evelyn}, "odd") is compared as words.
"""

import re

from synergy.grading.answers.normalise import is_prose, normalise
from synergy.grading.answers.number import compare_quantities
from synergy.grading.answers.quantity import Quantity, read_quantity
from synergy.grading.answers.text import plain_words
from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, Undecided, right, unscored, wrong
from synergy.grading.formula import compare_formulas
from synergy.grading.formula.units import is_unit, without_letter_unit
from synergy.grading.pool import Outcome, OutcomeStatus
from synergy.records import AnswerKind, Problem

#: 1,22 and 0,111 but not 1,234
_DECIMAL_COMMA = re.compile(r"\s*\$?([+-]?[0-9]+),([0-9]+)\$?\s*")
_TRAILING_LAYOUT = re.compile(r"(?:\s|\\[,;:! ]|\\(?=\s*$))+$")
_SUBSCRIPT = re.compile(r"_\{[^{}]*\}")
_THOUSANDS = re.compile(r"\s*\$?[+-]?[1-9][0-9]{0,2},[0-9]{3}\$?\s*")


def _read(text: str, problem: Problem) -> str | None:
    return unwrap(_TRAILING_LAYOUT.sub("", unwrap(text))) or None


def _score(gold: str, predicted: str, problem: Problem) -> Comparison | Undecided:
    if gold == predicted:
        return right("expression/text")
    quantities = _plain_quantity(gold), _plain_quantity(predicted)
    if quantities[0] is not None and quantities[1] is not None:
        return compare_quantities(quantities[0], quantities[1], problem)
    decision = compare_formulas(gold, predicted)
    if decision.undecided is None:
        if decision.equal:
            return right("expression/value")
        lenient = decision.leniently_equal or _equal_in_another_notation(gold, predicted)
        return wrong("expression/different", leniently_right=lenient)
    return _compare_unread(gold, predicted)


def _plain_quantity(text: str) -> Quantity | None:
    """A number with at most a known unit: 64a is a formula."""
    quantity = read_quantity(text)
    return quantity if quantity and (not quantity.unit or is_unit(quantity.unit.partition("^")[0])) else None


def _equal_in_another_notation(gold: str, predicted: str) -> bool:
    """Whether decimal commas are meant (1,22), a unit of one letter (5m), or the last side of an equation (… = 3)."""
    variants = [
        (_with_decimal_point(gold), _with_decimal_point(predicted)),
        (without_letter_unit(gold), without_letter_unit(predicted)),
    ]
    if "=" in predicted and "=" not in gold:
        variants.append((gold, predicted.rpartition("=")[2]))
    return any(pair != (gold, predicted) and compare_formulas(*pair).leniently_equal for pair in variants)


def _with_decimal_point(text: str) -> str:
    match = _DECIMAL_COMMA.fullmatch(text)
    return f"{match[1]}.{match[2]}" if match and not _THOUSANDS.fullmatch(text) else text


def _compare_unread(gold: str, predicted: str) -> Comparison | Undecided:
    """What the formula reader could not decide: words, what nobody can read, and work for math-verify."""
    if is_prose(gold):
        return _compare_words(gold, predicted)
    formulas = normalise(gold), normalise(predicted)
    if formulas[0] is None:
        same = plain_words(gold) == plain_words(predicted)
        return right("expression/words") if same else unscored("expression/bad-gold")
    if formulas[1] is None:
        return wrong("expression/unreadable")
    if _is_equation(formulas[0]) != _is_equation(formulas[1]):
        return wrong("expression/different", leniently_right=_equal_in_another_notation(gold, predicted))
    return Undecided("expressions_equal", (formulas[0], formulas[1]), _settle)


def _is_equation(formula: str) -> bool:
    """Whether it says that something equals something, other than where a sum starts."""
    return "=" in _SUBSCRIPT.sub("", formula)


def _compare_words(gold: str, predicted: str) -> Comparison:
    return right("expression/words") if plain_words(gold) == plain_words(predicted) else wrong("expression/different")


def _settle(outcome: Outcome) -> Comparison:
    if outcome.status is OutcomeStatus.TIMEOUT:
        return wrong("expression/timeout")
    if outcome.status is OutcomeStatus.CRASHED:
        return wrong("expression/crash")
    # The words are `symbolic`'s, which must not be imported here: it loads sympy.
    if outcome.value == "equal":
        return right("expression/symbolic")
    return unscored("expression/bad-gold") if outcome.value == "bad-gold" else wrong(f"expression/{outcome.value}")


EXPRESSION = AnswerRule(AnswerKind.EXPRESSION, _read, _score)
