"""What a tree is worth at a point: an exact fraction where it is rational, else a complex double.

Bounded: exact numbers stay below some thousand bits, larger ones become doubles or infinite.
"""

import cmath
import math
import operator
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from synergy.grading.formula.cursor import Node

Number = Fraction | complex
Point = Mapping[str, Fraction]

_MAX_BITS = 4096
_MAX_FACTORIAL = 300
_CONSTANTS: Mapping[str, complex] = {"pi": complex(math.pi), "e": complex(math.e), "i": 1j}
INFINITE = complex(math.inf)


class NoValue(Exception):
    """The tree has no number as its value, here or anywhere."""


def value(node: Node, point: Point) -> Number:
    """The value of an arithmetic tree; raises NoValue where it has none and for trees that are no arithmetic."""
    try:
        return _value(node, point)
    except (OverflowError, RecursionError):
        return INFINITE
    except (ArithmeticError, ValueError):  # division by zero, the logarithm of zero
        raise NoValue from None


def as_complex(number: Number) -> complex:
    """The nearest double, infinite where there is none."""
    try:
        return complex(number)
    except OverflowError:
        return INFINITE


def symbols(node: Any) -> set[str]:
    """Names of the variables in a tree."""
    if isinstance(node, tuple):
        if len(node) == 2 and node[0] == "sym":
            return set() if node[1] in _CONSTANTS else {node[1]}
        return set().union(*map(symbols, node)) if node else set()
    return set()


def _value(node: Node, point: Point) -> Number:
    kind = node[0]
    if kind == "num":
        return node[1]
    if kind == "sym":
        if node[1] in point:
            return point[node[1]]
        if node[1] in _CONSTANTS:
            return _CONSTANTS[node[1]]
        raise NoValue
    if kind in _BINARY:
        return _bounded(_BINARY[kind](_value(node[1], point), _value(node[2], point)))
    if kind in _UNARY:
        return _UNARY[kind](_value(node[1], point))
    if kind == "fn":
        return _function(node[1], node[2], point)
    if kind == "inf":
        return INFINITE
    raise NoValue


def _bounded(number: Number) -> Number:
    if isinstance(number, Fraction) and number.numerator.bit_length() + number.denominator.bit_length() > _MAX_BITS:
        return complex(float(number))
    return number


def _exactly(operation: Any) -> Any:
    """An operation on two numbers that stays exact where both are."""

    def apply(one: Number, other: Number) -> Number:
        if isinstance(one, Fraction) and isinstance(other, Fraction):
            return operation(one, other)
        return operation(complex(one), complex(other))

    return apply


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            bits = max(base.numerator.bit_length(), base.denominator.bit_length())
            if bits * abs(exponent.numerator) <= _MAX_BITS:
                return base**exponent.numerator
        elif base < 0 and exponent.denominator % 2 == 1:  # (-8)^(1/3) is -2, as schools have it
            sign = -1 if exponent.numerator % 2 else 1
            return complex(sign * float(-base) ** float(exponent))
    if base == 0:
        return Fraction(0) if complex(exponent).real > 0 else _undefined()
    return complex(base) ** complex(exponent)


def _root(degree: Number, radicand: Number) -> Number:
    if not isinstance(degree, Fraction) or degree <= 0 or degree.denominator != 1:
        raise NoValue
    if isinstance(radicand, Fraction) and degree == 2 and radicand >= 0:
        top, bottom = math.isqrt(radicand.numerator), math.isqrt(radicand.denominator)
        if top * top == radicand.numerator and bottom * bottom == radicand.denominator:
            return Fraction(top, bottom)
    return _power(radicand, 1 / degree)


def _log(base: Number, argument: Number) -> Number:
    return cmath.log(complex(argument)) / cmath.log(complex(base))


def _binomial(total: Number, chosen: Number) -> Number:
    return Fraction(math.comb(_small(total), _small(chosen)))


def _factorial(number: Number) -> Number:
    return Fraction(math.factorial(_small(number)))


def _small(number: Number) -> int:
    if not isinstance(number, Fraction) or number.denominator != 1 or not 0 <= number <= _MAX_FACTORIAL:
        raise NoValue
    return int(number)


def _absolute(number: Number) -> Number:
    return abs(number) if isinstance(number, Fraction) else complex(abs(number))


def _undefined() -> Number:
    raise NoValue


def _percent(number: Number) -> Number:
    return number / 100


def _unchanged(number: Number) -> Number:
    return number


def _cotangent(angle: complex) -> complex:
    return 1 / cmath.tan(angle)


def _secant(angle: complex) -> complex:
    return 1 / cmath.cos(angle)


def _cosecant(angle: complex) -> complex:
    return 1 / cmath.sin(angle)


_BINARY: Mapping[str, Any] = {
    "+": _exactly(operator.add),
    "-": _exactly(operator.sub),
    "*": _exactly(operator.mul),
    "app": _exactly(operator.mul),
    "/": _exactly(operator.truediv),
    "^": _power,
    "root": _root,
    "log": _log,
    "binom": _binomial,
}
_UNARY: Mapping[str, Any] = {
    "neg": operator.neg,
    "%": _percent,
    "deg": _unchanged,
    "abs": _absolute,
    "!": _factorial,
}
_FUNCTIONS: Mapping[str, Any] = {
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "cot": _cotangent,
    "sec": _secant,
    "csc": _cosecant,
    "arcsin": cmath.asin,
    "arccos": cmath.acos,
    "arctan": cmath.atan,
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
    "ln": cmath.log,
    "exp": cmath.exp,
}


def _function(name: str, argument: Node, point: Point) -> Number:
    number = _value(argument, point)
    if name in ("floor", "ceil"):
        if complex(number).imag or not math.isfinite(complex(number).real):
            raise NoValue
        rounded = math.floor if name == "floor" else math.ceil
        return Fraction(rounded(number if isinstance(number, Fraction) else number.real))
    if name not in _FUNCTIONS:
        raise NoValue
    radians = complex(number) * math.pi / 180 if argument[0] == "deg" else complex(number)
    return _FUNCTIONS[name](radians)
