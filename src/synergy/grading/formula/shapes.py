"""Bringing an answer into the shape that another has: names dropped, inequalities as intervals, ± as two values."""

from itertools import pairwise

from synergy.grading.formula.cursor import Node
from synergy.grading.formula.numeric import close, constant
from synergy.grading.formula.values import symbols

FLIPPED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}


def unpacked(node: Node) -> Node:
    """The only item of brackets, as in [45]."""
    while node[0] == "items" and len(node[3]) == 1:
        node = node[3][0]
    return node


def name(node: Node) -> Node | None:
    """The left-hand side of "x = …", "f(x) = …", "AB = …", "(p, q) = …" and "x ∈ …", None where nothing is named."""
    if node[0] != "relation" or len(node[1]) != 1 or node[1][0] not in ("=", "\\in"):
        return None
    left, right = node[2]
    is_named = _is_name(left) or (left[0] == "items" and all(map(_is_name, left[3])))
    own = symbols(left[1]) if left[0] == "app" else symbols(left)  # f(x) = 2x + 1 names f
    return left if is_named and not own & symbols(right) else None


def _is_name(node: Node) -> bool:
    if node[0] == "*":  # a segment such as AB; x y = 12 is an equation
        return all(_is_name(part) and str(part[-1])[:1].isupper() for part in node[1:] if part[0] != "*") and all(
            _is_name(part) for part in node[1:]
        )
    return node[0] == "sym" or (node[0] == "app" and node[1][0] == "sym")


def named_value(node: Node) -> Node:
    """What "x = …" says of x; lists item by item."""
    if name(node) is not None:
        return unpacked(node[2][1])
    if node[0] == "items":
        return ("items", node[1], node[2], tuple(named_value(item) for item in node[3])) if not node[1] else node
    return node


def constant_chain(node: Node) -> Node | None:
    """The last side of 10^3 = 1000: an equation of constants that holds."""
    if set(node[1]) != {"="}:
        return None
    values = [constant(side) for side in node[2]]
    holds = all(one is not None and two is not None and close(one, two, 1e-4) for one, two in pairwise(values))
    return node[2][-1] if holds else None


def interval(node: Node) -> Node | None:
    """The interval that -2 ≤ x < 7, x > 3 or 5 ≥ x describes."""
    if node[0] != "relation" or not set(node[1]) <= set(FLIPPED):
        return None
    operators, sides = node[1], node[2]
    if operators[0] in (">", "\\ge"):
        operators, sides = tuple(FLIPPED[sign] for sign in reversed(operators)), tuple(reversed(sides))
    if any(sign in (">", "\\ge") for sign in operators):
        return None
    if len(sides) == 3 and sides[1][0] == "sym" and not symbols(sides[0]) | symbols(sides[2]):
        low, high = sides[0], sides[2]
        signs = operators
    elif len(sides) == 2 and sides[0][0] == "sym" and not symbols(sides[1]):
        low, high, signs = ("neg", ("inf",)), sides[1], ("<", operators[0])
    elif len(sides) == 2 and sides[1][0] == "sym" and not symbols(sides[0]):
        low, high, signs = sides[0], ("inf",), (operators[0], "<")
    else:
        return None
    return ("items", "(" if signs[0] == "<" else "[", ")" if signs[1] == "<" else "]", (low, high))


def summed(node: Node) -> Node:
    """A sum of matrices as one matrix."""
    if node[0] not in ("+", "-"):
        return node
    one, two = summed(node[1]), summed(node[2])
    if one[0] != "matrix" or two[0] != "matrix" or [*map(len, one[1])] != [*map(len, two[1])]:
        return node
    rows = zip(one[1], two[1], strict=True)
    return ("matrix", tuple(tuple((node[0], a, b) for a, b in zip(*pair, strict=True)) for pair in rows))


def expanded(node: Node) -> Node:
    """Both values of a ± b, as a set; in a list all of them."""
    if node[0] == "items" and node[1] in ("", "\\{"):
        items: list[Node] = []
        for item in node[3]:
            grown = expanded(item)
            items += grown[3] if grown[0] == "items" and grown[1] == "\\{" and item[0] != "items" else (item,)
        return ("items", node[1], node[2], tuple(items))
    variants = _variants(node)
    return ("items", "\\{", "\\}", variants) if len(variants) == 2 else node


def _variants(node: Node) -> tuple[Node, ...]:
    """The tree with + and with - for its ± signs, all the same way; the tree itself where there is none."""
    if not _has_pm(node):
        return (node,)
    return (_signed(node, "+"), _signed(node, "-"))


def _has_pm(node: Node) -> bool:
    return node[0] == "pm" or any(
        isinstance(part, tuple) and bool(part) and isinstance(part[0], str) and _has_pm(part) for part in node
    )


def _signed(node: Node, sign: str) -> Node:
    if node[0] == "pm":
        return (sign, _signed(node[1], sign), _signed(node[2], sign))
    return tuple(
        _signed(part, sign) if isinstance(part, tuple) and part and isinstance(part[0], str) else part for part in node
    )
