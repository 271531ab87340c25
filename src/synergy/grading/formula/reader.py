r"""Tokens to a tree, by precedence climbing: lists, relations, sums, products, powers; operands are `operands`.

Knows the notation of school mathematics, not what it is worth.
"""

from fractions import Fraction

from synergy.grading.formula.cursor import Node
from synergy.grading.formula.operands import OPERAND_COMMANDS, Operands
from synergy.grading.formula.tokens import NotAFormula, tokens

_RELATIONS = frozenset({"=", "<", ">", "\\le", "\\ge", "\\ne", "\\in"})


def read(text: str) -> Node:
    """The tree of a whole text; raises NotAFormula where any of it cannot be read."""
    reader = _Reader(tokens(text))
    node = reader.items()
    if reader.token is not None:
        raise NotAFormula
    return node


class _Reader(Operands):
    """The upper half of the grammar."""

    def items(self) -> Node:
        """One relation, or a bare list of several divided by commas or semicolons."""
        found = [self.relation()]
        while self.at(",", ";"):
            self.next()
            if self.at(",", ";"):  # "1, and 2"
                continue
            if self.token is None or self.at(")", "]", "\\}", "}"):
                break  # a comma at the end
            found.append(self.relation())
        return found[0] if len(found) == 1 else ("items", "", "", tuple(found))

    def relation(self) -> Node:
        """A chain such as 1 < x \\le 3, or its only side."""
        sides, operators = [self._union()], []
        while self.at(*_RELATIONS) or self.is_word("in"):
            operator = self.next().value
            operators.append("\\in" if operator == "in" else operator)
            sides.append(self._union())
        return ("relation", tuple(operators), tuple(sides)) if operators else sides[0]

    def _union(self) -> Node:
        parts = [self.sum()]
        while self.at("\\cup"):
            self.next()
            parts.append(self.sum())
        return ("union", tuple(parts)) if len(parts) > 1 else parts[0]

    def sum(self) -> Node:
        node = self._product()
        while self.at("+", "-", "\\pm"):
            operator = self.next().value
            node = ("pm" if operator == "\\pm" else operator, node, self._product())
        return node

    def _product(self) -> Node:
        if self.at("\\pm"):
            self.next()
            return ("pm", ("num", Fraction(0), None), self._product())
        if self.at("-", "+"):
            negative = self.next().value == "-"
            inner = self._product()
            return ("neg", inner) if negative else inner
        node = self._factors()
        while self.at("*", "/", ":"):
            if self.next().value == "*":
                node = ("*", node, self._signed_factors())
            else:
                node = ("/", node, self._divisor(node))
                while self.starts_factor():  # 1/2x is half of x, the way lines are written
                    node = ("*", node, self.power())
        return node

    def _signed_factors(self) -> Node:
        if self.at("-", "+"):
            negative = self.next().value == "-"
            inner = self._signed_factors()
            return ("neg", inner) if negative else inner
        return self._factors()

    def _divisor(self, top: Node) -> Node:
        """After a coefficient a lone number divides; else all that stands together, as in a/bc."""
        if self.at("-", "+"):
            return self._signed_factors()
        return self.power() if _is_coefficient(top) and self.kind("number") else self._factors()

    def _factors(self) -> Node:
        """Factors side by side."""
        node = self.power()
        while self.starts_factor():
            node = self.beside(node)
        return node

    def beside(self, node: Node) -> Node:
        """A product, but for mixed numbers: 1\\frac{1}{2} is 1 + 1/2; two bare numbers side by side are none."""
        after_bracket = self.previous in (")", "}", "]")  # (n-2) 2^n is a product, x2 and 3 2 are nothing
        is_number, is_fraction = self.kind("number"), self.at("\\frac")
        factor = self.power()
        is_whole = node[0] == "num" and node[2] is None
        if is_number and not after_bracket:
            if not is_whole or not self.at("/"):
                raise NotAFormula
            self.next()
            return ("+", node, ("/", factor, self.power()))
        if is_whole and is_fraction and factor[0] == "/" and factor[1][0] == factor[2][0] == "num":
            return ("+", node, factor)
        return ("*", node, factor)

    def starts_factor(self) -> bool:
        token = self.token
        if token is None or token.kind in ("end", "row"):
            return False
        if token.kind == "letters":
            return token.value != "in"
        if token.kind == "text":
            return False
        if token.kind in ("number", "begin"):
            return True
        if token.value == "|":
            return not self.num_open_bars
        return token.value in ("(", "[", "{", "\\{") or (token.kind == "command" and token.value in OPERAND_COMMANDS)

    def power(self) -> Node:
        node = self.postfix(self.operand())
        if self.at("^"):
            self.next()
            if self._is_degree():
                return self.postfix(("deg", node))
            node = self.postfix(("^", node, self.exponent()))
        return node

    def _is_degree(self) -> bool:
        if self.at("\\circ"):
            self.next()
            return True
        following = self.following(3)
        if [token.value for token in following] == ["{", "\\circ", "}"]:
            for _ in range(3):
                self.next()
            return True
        return False

    def exponent(self) -> Node:
        if self.at("-", "+"):
            negative = self.next().value == "-"
            inner = self.exponent()
            return ("neg", inner) if negative else inner
        base = self.operand(single=True)
        if self.at("^"):
            self.next()
            return ("^", base, self.exponent())
        return base

    def postfix(self, node: Node) -> Node:
        while True:
            if self.at("!"):
                self.next()
                node = ("!", node)
            elif self.at("%"):
                self.next()
                node = ("%", node)
            elif self.kind("text"):  # a unit
                assert self.token is not None
                node = ("%", node) if self.token.value in ("percent", "pct", "percentage") else node
                self.next()
                if self.at("^"):  # cm^2
                    self.next()
                    self.exponent()
            else:
                return node


def _is_coefficient(node: Node) -> bool:
    """A number, π or their product."""
    if node[0] == "*":
        return _is_coefficient(node[1]) and _is_coefficient(node[2])
    return node[0] == "num" or node == ("sym", "pi")
