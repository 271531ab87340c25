"""Exact arithmetic over what traces state: numbers, + - * / ^ and brackets, nothing else, never `eval`."""

import re
from fractions import Fraction

_TOKEN = re.compile(r"\s*(?:(\d+)|([-+*/^()]))")
_MAX_DEPTH = 20
_MAX_EXPONENT = 9


class NotArithmetic(ValueError):
    """The text is no arithmetic, or larger than a trace has reason to state."""


def evaluate(text: str) -> Fraction:
    """The exact value of an arithmetic text; raises `NotArithmetic` where it is not one."""
    reader = _Reader(_tokens(text))
    value = reader.sum(0)
    if reader.peek() is not None:
        raise NotArithmetic(f"unexpected '{reader.peek()}'")
    return value


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotArithmetic(f"unexpected '{text[position]}'")
        tokens.append(match[1] or match[2])
        position = match.end()
    return tokens


class _Reader:
    """Recursive descent: sum → product → signed → power → atom."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._position = tokens, 0

    def peek(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self) -> str:
        token = self.peek()
        if token is None:
            raise NotArithmetic("it ends too early")
        self._position += 1
        return token

    def sum(self, depth: int) -> Fraction:
        value = self._product(depth)
        while self.peek() in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            value += sign * self._product(depth)
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._signed(depth)
        while self.peek() in ("*", "/"):
            if self._take() == "*":
                value *= self._signed(depth)
            else:
                divisor = self._signed(depth)
                if divisor == 0:
                    raise NotArithmetic("division by zero")
                value /= divisor
        return value

    def _signed(self, depth: int) -> Fraction:
        if self.peek() in ("+", "-"):
            if depth > _MAX_DEPTH:
                raise NotArithmetic("too deeply nested")
            return (1 if self._take() == "+" else -1) * self._signed(depth + 1)
        return self._power(depth)

    def _power(self, depth: int) -> Fraction:
        value = self._atom(depth)
        if self.peek() == "^":
            self._take()
            exponent = self._atom(depth)
            if exponent.denominator != 1 or exponent > _MAX_EXPONENT:
                raise NotArithmetic(f"exponent {exponent}")
            value = value ** int(exponent)
        return value

    def _atom(self, depth: int) -> Fraction:
        token = self._take()
        if token == "(":
            if depth > _MAX_DEPTH:
                raise NotArithmetic("too deeply nested")
            value = self.sum(depth + 1)
            if self._take() != ")":
                raise NotArithmetic("a bracket stays open")
            return value
        if not token.isdigit() or len(token) > 9:
            raise NotArithmetic(f"unexpected '{token}'")
        return Fraction(int(token))
