"""Do two arithmetic trees have the same value? Exactly at rational points, to 1e-9 elsewhere; see `equality`."""

import math
from collections.abc import Sequence
from fractions import Fraction
from random import Random

from synergy.grading.formula.cursor import Node
from synergy.grading.formula.values import NoValue, Number, as_complex, symbols, value

_MAX_VARIABLES = 24
PRECISION = 1e-12  #: of doubles, relative: what their arithmetic loses
_DECIMAL_PRECISION = 1e-9  # of decimals that were written out, such as 0.0833333333 for 1/12
_LENIENT_RELATIVE_DIFFERENCE = 1e-4  # of decimals, as in ToRA's and other graders of GSM8K and MATH
_MIN_ROUNDED_DIGITS = 3  # a decimal of fewer digits is no rounding of something else


class Undecidable(Exception):
    """Neither equality nor difference could be shown."""


def equal_numbers(gold: Node, other: Node) -> bool:
    """Whether two formulas are the same; raises Undecidable where there is no value to compare."""
    names = symbols(gold), symbols(other)
    if names[0] != names[1]:
        gold, other, names = _same_case(gold, other, names)
    return _agree(gold, other, sorted(names[0] | names[1]))


def nearly_equal_numbers(gold: Node, other: Node) -> bool:
    """Whether they are the same but for rounding (to three digits or more, or by 1e-4) or a percent sign."""
    golds, others = {gold, _without_percent(gold)}, {other, _without_percent(other)}
    return any(_nearly_equal(one, two) for one in golds for two in others)


def _nearly_equal(one: Node, two: Node) -> bool:
    names = symbols(one) | symbols(two)
    if names:
        return _agree(one, two, sorted(names))
    first, second = constant(one), constant(two)
    if first is None or second is None:
        return False
    if _is_rounding(one, first, second) or _is_rounding(two, second, first):
        return True
    decimals = _has_decimals(one) or _has_decimals(two)
    return close(first, second, _LENIENT_RELATIVE_DIFFERENCE if decimals else _DECIMAL_PRECISION)


def ratios(one: Node, two: Node) -> list[complex]:
    """The ratio of two formulas at points where neither is zero."""
    found: list[complex] = []
    for point in _points(sorted(symbols(one) | symbols(two))):
        first, second = _at(one, point), _at(two, point)
        if first is not None and second is not None and first and second:
            found.append(as_complex(first) / as_complex(second))
    return found


def _points(names: Sequence[str]) -> Sequence[dict[str, Fraction]]:
    if len(names) > _MAX_VARIABLES:
        raise Undecidable
    return [dict(zip(names, probe, strict=False)) for probe in (_PROBES if names else _PROBES[:1])]


def _probes() -> list[list[Fraction]]:
    """Values for the variables, unrelated to each other: not even x + z = 2y holds. Half of the probes have signs."""
    source = Random(0)
    signs = [(1,), (1,), (1, -1), (1, -1)]
    return [
        [
            Fraction(source.choice(sign) * source.randint(100, 2000), source.randint(101, 997))
            for _ in range(_MAX_VARIABLES)
        ]
        for sign in signs
    ]


_PROBES = _probes()


def _agree(one: Node, two: Node, names: Sequence[str]) -> bool:
    """Whether two formulas have the same values; raises Undecidable where they have none to compare."""
    exact = not (_has_decimals(one) or _has_decimals(two))
    points = _points(names)
    num_agreeing = num_gold_alone = 0
    for point in points:
        first, second = _at(one, point), _at(two, point)
        if first is None and second is None:
            continue
        if _is_infinite(first) and _is_infinite(second):
            continue  # too large to be told apart
        if first is None or second is None:
            num_gold_alone += second is None
            continue
        if isinstance(first, Fraction) and isinstance(second, Fraction) and (exact or names):
            if first != second:
                return False
        elif not close(first, second, PRECISION if exact else _DECIMAL_PRECISION):
            return False
        num_agreeing += 1
    if num_agreeing:
        return True
    if num_gold_alone == len(points):  # 1/0 has no value anywhere
        return False
    raise Undecidable


def _at(node: Node, point: dict[str, Fraction]) -> Number | None:
    try:
        found = value(node, point)
    except NoValue:
        return None
    if isinstance(found, complex) and found != found:  # not a number
        return None
    return found


def constant(node: Node) -> Number | None:
    """The value of a formula without variables, None where it has none."""
    return _at(node, {})


def _is_infinite(number: Number | None) -> bool:
    return isinstance(number, complex) and abs(number) == math.inf


def close(one: Number, two: Number, relative: float) -> bool:
    """Whether two numbers differ by no more than so much of the larger one."""
    if one == two:
        return True
    first, second = as_complex(one), as_complex(two)
    if abs(first) == float("inf") or abs(second) == float("inf"):
        return False
    return abs(first - second) <= relative * max(abs(first), abs(second), 1e-12 / relative)


def _has_decimals(node: Node) -> bool:
    if node[0] == "num":
        return node[2] is not None
    return any(
        isinstance(part, tuple) and bool(part) and isinstance(part[0], str) and _has_decimals(part) for part in node
    )


def _is_rounding(node: Node, number: Number, exact: Number) -> bool:
    """Whether a decimal is what the exact number rounds to at as many places."""
    while node[0] in ("neg", "deg"):
        node = node[1]
    if node[0] != "num" or node[2] is None or as_complex(exact).imag:
        return False
    num_digits = len(str(abs(node[1].numerator * 10 ** node[2] // node[1].denominator)))
    return (
        num_digits >= _MIN_ROUNDED_DIGITS
        and abs(as_complex(number) - as_complex(exact)) <= 0.5000001 * 10.0 ** -node[2]
    )


def _without_percent(node: Node) -> Node:
    return node[1] if node[0] == "%" else node


def _same_case(one: Node, two: Node, names: tuple[set[str], set[str]]) -> tuple[Node, Node, tuple[set[str], set[str]]]:
    """2X + 1 for 2x + 1 where no name is used in both cases."""
    folded = {name.lower() for name in names[0]}, {name.lower() for name in names[1]}
    if folded[0] != folded[1] or any(len(lowered) < len(name) for lowered, name in zip(folded, names, strict=True)):
        return one, two, names
    return _lowered(one), _lowered(two), folded


def _lowered(node: Node) -> Node:
    if len(node) == 2 and node[0] == "sym":
        return ("sym", node[1].lower())
    return tuple(_lowered(part) if isinstance(part, tuple) else part for part in node)
