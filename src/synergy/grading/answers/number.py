"""Numbers: integers, decimals, fractions, percent, with or without a unit; compared exactly as fractions.

So 7.0 is 7, 50 % is 1/2 and 0.30 is not 0.3000001, unless the problem states a tolerance. A unit counts only where both
name one: 12 cm is 12, not 12 m. Leniently 50 % is also 50, and a decimal may be off by 1e-4 of the gold number (the
tolerance of ToRA's and other graders of GSM8K).
"""

from fractions import Fraction

from synergy.grading.answers.quantity import Quantity, read_quantity
from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, right, wrong
from synergy.records import AnswerKind, Problem

_LENIENT_RELATIVE_TOLERANCE = 1e-4
_MANY_DECIMALS = 10**9


def _read(text: str, problem: Problem) -> Quantity | None:
    return read_quantity(unwrap(text))


def _read_integer(text: str, problem: Problem) -> Quantity | None:
    quantity = _read(text, problem)
    return quantity if quantity and quantity.value.denominator == 1 and not quantity.is_percent else None


def compare_quantities(gold: Quantity, predicted: Quantity, problem: Problem) -> Comparison:
    """The comparison of two numbers, under the problem's tolerance; its rule is named after the problem's kind."""
    kind = problem.answer_kind
    if gold.unit and predicted.unit and gold.unit != predicted.unit:
        return wrong(f"{kind}/unit")
    if gold.value == predicted.value or _is_written_out(gold.value, predicted.value):
        return right(f"{kind}/exact")
    allowed = max(problem.absolute_tolerance, problem.relative_tolerance * abs(gold.value))
    if allowed and abs(gold.value - predicted.value) <= allowed * (1 + 1e-9):
        return right(f"{kind}/tolerance")
    return wrong(f"{kind}/different", leniently_right=_leniently_equal(gold, predicted))


def _is_written_out(one: Fraction, other: Fraction) -> bool:
    """Whether one is the other as a decimal of nine digits or more: 0.0833333333 for 1/12."""
    return abs(one - other) <= abs(one) / _MANY_DECIMALS and max(one.denominator, other.denominator) >= _MANY_DECIMALS


def _leniently_equal(gold: Quantity, predicted: Quantity) -> bool:
    golds = {gold.value, gold.value * 100} if gold.is_percent else {gold.value}
    values = {predicted.value, predicted.value * 100} if predicted.is_percent else {predicted.value}
    return any(
        abs(one - two) <= (0 if one.denominator == two.denominator == 1 else _LENIENT_RELATIVE_TOLERANCE * abs(one))
        for one in golds
        for two in values
    )


NUMBER = AnswerRule(AnswerKind.NUMBER, _read, compare_quantities)
INTEGER = AnswerRule(AnswerKind.INTEGER, _read_integer, compare_quantities)
