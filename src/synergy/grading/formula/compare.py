r"""Comparing two trees part by part; see `equality` for what strict and lenient mean."""

from collections.abc import Sequence
from itertools import pairwise

from synergy.grading.formula.cursor import Node
from synergy.grading.formula.numeric import PRECISION, Undecidable, close, equal_numbers, nearly_equal_numbers, ratios
from synergy.grading.formula.shapes import (
    FLIPPED,
    constant_chain,
    expanded,
    interval,
    name,
    named_value,
    summed,
    unpacked,
)
from synergy.grading.formula.values import symbols

_MAX_ITEMS = 60
_SETS = frozenset({"", "\\{\\}"})
_ORDERED = frozenset({"()", "[]", "(]", "[)"})

Link = tuple[str, Node, Node]  #: a sign and the sides on its left and right


class Comparer:
    """Compares trees strictly or leniently."""

    def __init__(self, *, lenient: bool) -> None:
        self.lenient = lenient

    def equal(self, gold: Node, other: Node) -> bool:
        """Whether two answers are the same; raises Undecidable."""
        if gold == other:
            return True
        gold, other = unpacked(gold), unpacked(other)
        if gold[0] == other[0] == "relation" and self._relations_equal(gold, other):
            return True
        if not (_all_named(gold) and _all_named(other)):
            gold, other = named_value(gold), named_value(other)
        if other[0] == "relation" != gold[0]:
            other = constant_chain(other) or other
        if "relation" in (gold[0], other[0]) and gold[0] != other[0]:
            gold, other = interval(gold) or gold, interval(other) or other
        return self._same_kind(expanded(summed(gold)), expanded(summed(other)))

    def _same_kind(self, gold: Node, other: Node) -> bool:
        if gold[0] == other[0] == "relation":
            return self._relations_equal(gold, other)
        if "relation" in (gold[0], other[0]):
            return False
        if gold[0] == other[0] == "text":
            return gold[1].casefold() == other[1].casefold()
        if gold[0] == other[0] == "matrix":
            return self._matrices_equal(gold, other)
        if gold[0] == "union" or other[0] == "union":
            return gold[0] == other[0] and self._unordered(gold[1], other[1])
        if gold[0] == "items" or other[0] == "items":
            return gold[0] == other[0] and self._items_equal(gold, other)
        if "matrix" in (gold[0], other[0]) or "text" in (gold[0], other[0]):
            return False
        return (nearly_equal_numbers if self.lenient else equal_numbers)(gold, other)

    # Structure

    def _items_equal(self, gold: Node, other: Node) -> bool:
        """Bare lists are sets of answers; leniently also tuples are, but a half-open interval is itself alone."""
        brackets, other_brackets = gold[1] + gold[2], other[1] + other[2]
        if len(gold[3]) != len(other[3]):
            return False
        if len(gold[3]) > _MAX_ITEMS:
            raise Undecidable
        if brackets in _ORDERED and other_brackets in _ORDERED:
            same = brackets == other_brackets or (self.lenient and {brackets, other_brackets} == {"()", "[]"})
            return same and all(map(self.equal, gold[3], other[3]))
        finite = _SETS | {"()", "[]"} if self.lenient else _SETS
        return {brackets, other_brackets} <= finite and self._unordered(gold[3], other[3])

    def _unordered(self, golds: Sequence[Node], others: Sequence[Node]) -> bool:
        """Whether each has its partner."""
        if len(golds) != len(others):
            return False
        left = list(others)
        for gold in golds:
            partner = next((index for index, other in enumerate(left) if self._paired(gold, other)), None)
            if partner is None:
                return False
            left.pop(partner)
        return True

    def _paired(self, gold: Node, other: Node) -> bool:
        """In a list the names of values count: x = 1, y = 2 is not y = 1, x = 2."""
        names = name(gold), name(other)
        return (None in names or names[0] == names[1]) and self.equal(gold, other)

    def _matrices_equal(self, gold: Node, other: Node) -> bool:
        rows, other_rows = gold[1], other[1]
        if [len(row) for row in rows] != [len(row) for row in other_rows]:
            return False
        pairs = [
            pair for row, other_row in zip(rows, other_rows, strict=True) for pair in zip(row, other_row, strict=True)
        ]
        return all(self.equal(one, two) for one, two in pairs)

    def _relations_equal(self, gold: Node, other: Node) -> bool:
        """2x + 4y = 3 is y = 3/4 - x/2; x < 1 is -x > -1: the differences of the sides are proportional."""
        if len(gold[1]) != len(other[1]):
            return False
        links, other_links = _links(gold), _links(other)
        if len(links) == 1:
            return _same_relations(links, other_links)
        flipped = [(FLIPPED.get(sign, sign), right, left) for sign, left, right in reversed(other_links)]
        return _same_relations(links, other_links) or _same_relations(links, flipped)


def _all_named(node: Node) -> bool:
    """Whether it is a list such as x = 1, y = 2, where the names say which is which."""
    return node[0] == "items" and all(name(item) is not None for item in node[3])


def _links(node: Node) -> list[Link]:
    return [(sign, left, right) for sign, (left, right) in zip(node[1], pairwise(node[2]), strict=True)]


def _same_relations(links: Sequence[Link], others: Sequence[Link]) -> bool:
    """Whether all links are proportional by the same factor: -2 < x < 7 is -4 < 2x < 14."""
    found = [_factor(link, other) for link, other in zip(links, others, strict=True)]
    first = found[0]
    return first is not None and all(factor is not None and close(factor, first, PRECISION) for factor in found)


def _factor(one: Link, two: Link) -> complex | None:
    """How many times left - right of the other relation the first's is, None where they are different relations.

    Positive where the sign points.
    """
    sign, left, right = one
    other_sign, other_left, other_right = two
    if "\\in" in (sign, other_sign):
        return None
    if other_sign != sign:
        if FLIPPED.get(other_sign) != sign:
            return None
        other_left, other_right = other_right, other_left
    difference, other_difference = ("-", left, right), ("-", other_left, other_right)
    names = symbols(difference)
    if names != symbols(other_difference) or not names:
        return None
    found = ratios(difference, other_difference)
    if len(found) < 2:
        raise Undecidable
    if not all(close(ratio, found[0], PRECISION) for ratio in found):
        return None
    points = sign not in ("=", "\\ne")
    return None if points and (found[0].real <= 0 or abs(found[0].imag) > PRECISION) else found[0]
