"""Small arithmetic in the wording of traces: practised apart, since the pictures say nothing about it."""

from fractions import Fraction
from random import Random

from synergy.pocket.build.pieces import Piece

_NUM_DRILLS = 10


def drills(rng: Random) -> list[list[Piece]]:
    """Some random ones: what is asked for is given, the result is taught."""
    asked = [rng.choice((_sum, _difference, _slope, _intercept, _extreme))(rng) for _ in range(_NUM_DRILLS)]
    return [[Piece(given, given=True), Piece(f" {result}")] for given, result in asked]


def _sum(rng: Random) -> tuple[str, int]:
    a, b = rng.randint(0, 30), rng.randint(0, 9)
    return f"{a} + {b} =", a + b


def _difference(rng: Random) -> tuple[str, int]:
    a, b = rng.randint(0, rng.choice((9, 30))), rng.randint(0, 9)
    return f"{a} - {b} =", a - b


def _slope(rng: Random) -> tuple[str, Fraction]:
    y0, x0, run = rng.randint(0, 9), rng.randint(0, 7), rng.choice((2, 2, 4))
    y1 = min(9, max(0, y0 + rng.choice((-2, -1, 1, 2)) * rng.randint(1, 3)))
    return f"slope ({y1} - {y0}) / ({x0 + run} - {x0}) =", Fraction(y1 - y0, run)


def _intercept(rng: Random) -> tuple[str, Fraction]:
    slope = Fraction(rng.randint(-3, 3) or 1, rng.choice((1, 1, 2)))
    y, x = rng.randint(0, 9), rng.randint(0, 7)
    return f"{y} - {slope} * {x} =", y - slope * x


def _extreme(rng: Random) -> tuple[str, int]:
    numbers = [rng.randint(0, 9) for _ in range(rng.randint(3, 4))]
    word, value = rng.choice((("largest", max(numbers)), ("smallest", min(numbers))))
    return f"{word} of {', '.join(map(str, numbers))} is", value
