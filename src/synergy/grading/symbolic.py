"""Are two formulas equal? math-verify behind a numeric probe; for workers only: it may take for ever.

Only math-verify's LaTeX reader is used: its reader of plain expressions calls sympy's, which evaluates
Python. Its own time limits need the main thread's signals and are off; the pool kills what takes too long.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from math_verify import LatexExtractionConfig, parse, verify
from sympy import Basic, Expr, Rational, Symbol

EQUAL, DIFFERENT, BAD_GOLD, UNREADABLE = "equal", "different", "bad-gold", "unreadable"

# The whole formula or nothing: left to itself, math-verify would pick a readable piece out of garbage.
_WHOLE: dict[str, Any] = {
    "extraction_config": [LatexExtractionConfig(boxed_match_priority=-1)],
    "fallback_mode": "no_fallback",
    "extraction_mode": "first_match",
    "parsing_timeout": None,
}
# Where formulas are probed: no two variables get the same value, and no round number hides a difference.
_PROBES = (Rational(37, 53), Rational(-83, 59), Rational(211, 97))
_VARIABLE_STEP = Rational(17, 61)
_RELATIVE_DIFFERENCE = 1e-9


def expressions_equal(gold: str, predicted: str) -> str:
    """Whether two normalised formulas are equal: one of the four words above."""
    gold_value, predicted_value = _parse(gold), _parse(predicted)
    if gold_value is None:
        return BAD_GOLD
    if predicted_value is None:
        return UNREADABLE
    if _differ_numerically(gold_value, predicted_value):
        return DIFFERENT
    # math-verify treats its two arguments unlike (intervals, relations); equality should not.
    equal = any(
        verify(one, other, timeout_seconds=None)
        for one, other in ((gold_value, predicted_value), (predicted_value, gold_value))
    )
    return EQUAL if equal else DIFFERENT


@lru_cache(maxsize=4096)
def _parse(formula: str) -> Any:
    """The sympy object, None where math-verify cannot read the whole formula.

    Parsing takes most of the time, and the same few formulas come back in every group of rollouts.
    """
    found = parse(f"${formula}$", **_WHOLE)
    return found[0] if found else None


def _differ_numerically(one: Any, other: Any) -> bool:
    """True where two formulas have clearly different finite values somewhere: much faster than a proof.

    It is also stricter than math-verify, to which 50 % and 50 are equal.
    """
    if not all(isinstance(value, Expr) and not isinstance(value, Symbol) for value in (one, other)):
        return False  # sets, relations and names are math-verify's to compare
    names = sorted({symbol.name for value in (one, other) for symbol in _symbols(value)})
    for probe in _PROBES:
        # pyrefly: ignore[unsupported-operation]  sympy types its numbers' operators as undefined
        point = {name: probe + position * _VARIABLE_STEP for position, name in enumerate(names)}
        first, second = _value_at(one, point), _value_at(other, point)
        if first is not None and second is not None:
            return bool(abs(first - second) > _RELATIVE_DIFFERENCE * max(abs(first), abs(second)))
    return False


def _symbols(value: Basic) -> list[Symbol]:
    return [symbol for symbol in value.free_symbols if isinstance(symbol, Symbol)]


def _value_at(value: Expr, point: Mapping[str, Expr]) -> Any:
    """The formula's value there as sympy's number, which may be far below a double; None where it has none."""
    values = [(symbol, point[symbol.name]) for symbol in _symbols(value)]
    try:
        # pyrefly: ignore[missing-attribute]  sympy types `subs` of a formula as any of its objects
        result = value.doit().subs(values).evalf()
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return None  # sympy raises all of these where a formula has no value
    return result if result.is_number and result.is_finite else None
