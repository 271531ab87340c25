"""A place in a list of tokens, and the nodes that are made from there on.

A node is a tuple whose first entry says what it is:

| node | of |
|---|---|
| ("num", value, decimals) | a literal: an exact fraction and how many decimals were written, None for a whole number |
| ("sym", name) · ("inf",) | a variable or constant · infinity |
| ("+", a, b) "-" "*" "/" "^" · ("neg", a) · ("pm", a, b) | arithmetic; a ± b is two values |
| ("fn", name, a) · ("root", n, a) · ("log", base, a) · ("abs", a) · ("!", a) · ("binom", n, k) | functions |
| ("%", a) · ("deg", a) | percent · degrees |
| ("app", f, a) | f(x): a name where it is defined, a product elsewhere |
| ("items", opening, closing, nodes) | a list, tuple, interval or set, by its brackets; a bare list has none |
| ("union", nodes) · ("matrix", rows) · ("text", words) | |
| ("relation", operators, sides) | an equation, inequality or membership, or a chain of them |
"""

from typing import Any

from synergy.grading.formula.tokens import NotAFormula, Token

Node = tuple[Any, ...]


class Cursor:
    """Reads tokens one by one; whatever does not fit raises NotAFormula."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._position = 0
        self.token: Token | None = found[0] if found else None  #: the next one, None at the end

    def next(self) -> Token:
        """Take the next token."""
        token = self.token
        if token is None:
            raise NotAFormula
        self._position += 1
        self.token = self._tokens[self._position] if self._position < len(self._tokens) else None
        return token

    def at(self, *values: str) -> bool:
        """Whether the next token is one of these operators or commands."""
        return self.token is not None and self.token.kind in ("operator", "command") and self.token.value in values

    def take(self, value: str) -> None:
        """Take that token."""
        if not self.at(value):
            raise NotAFormula
        self.next()

    def kind(self, kind: str) -> bool:
        """Whether the next token is of that kind."""
        return self.token is not None and self.token.kind == kind

    def is_word(self, word: str) -> bool:
        """Whether the next token is those letters."""
        return self.token is not None and self.token.kind == "letters" and self.token.value == word

    @property
    def previous(self) -> str:
        """The value of the token that was taken last, empty at the start."""
        return self._tokens[self._position - 1].value if self._position else ""

    def following(self, num: int) -> list[Token]:
        """The next tokens, without taking them."""
        return self._tokens[self._position : self._position + num]

    def put_back(self, token: Token) -> None:
        """Let `token` come next instead of the one that would."""
        self._tokens[self._position] = self.token = token
