"""The objects of a JSON document, one at a time: a list of objects, or an object of objects, however long.

Memory holds one object and the block that it was read in. Knows nothing about tables.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from synergy.errors import InputError

_BLOCK_CHARACTERS = 1 << 18
_SPACE = re.compile(r"[ \t\r\n]*")
#: an error so near to the end of what was read may be the end's; unterminated strings are told where they start
_NEAR_END = 16


class JsonStream:
    """A document being read."""

    def __init__(self, file: TextIO, label: str, expected: str) -> None:
        self._file, self._label, self._expected = file, label, expected
        self._text, self._position, self._lines = "", 0, 0
        self._decoder = json.JSONDecoder()
        self._is_whole = False

    def values(self) -> Iterator[tuple[str | None, Any]]:
        """Values of a list with None, of an object with their keys; raises InputError with the line of a fault."""
        opening = self._next_character()
        if opening not in ("[", "{"):
            raise self._fault("Expecting value")
        self._position += 1
        closing = "]" if opening == "[" else "}"
        if self._next_character() == closing:
            self._position += 1
            self._check_end()
            return
        while True:
            key = self._key() if opening == "{" else None
            value = self._decode()
            follower = self._next_character()
            if follower not in (",", closing):
                raise self._fault("Expecting ',' delimiter")
            self._position += 1
            yield key, value
            if follower == closing:
                self._check_end()
                return

    def _key(self) -> str:
        key = self._decode()
        if not isinstance(key, str):
            raise self._fault("Expecting property name enclosed in double quotes")
        if self._next_character() != ":":
            raise self._fault("Expecting ':' delimiter")
        self._position += 1
        return key

    def _check_end(self) -> None:
        if self._next_character():
            raise self._fault("Extra data")

    def _next_character(self) -> str:
        """What comes after white space, not taken; an empty text at the end."""
        while True:
            self._position = _skip_space(self._text, self._position)
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._read_on():
                return ""

    def _decode(self) -> Any:
        self._next_character()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                may_be_cut = error.pos >= len(self._text) - _NEAR_END or error.msg.startswith("Unterminated string")
                if may_be_cut and self._read_on():
                    continue
                raise self._fault(error.msg, error.pos) from None
            except RecursionError:
                raise self._fault("nested too deeply") from None
            self._position = end
            return value

    def _read_on(self) -> bool:
        """Read as much again as there is, so that a long value is tried few times; False at the end."""
        if self._is_whole:
            return False
        self._lines += self._text.count("\n", 0, self._position)
        rest = self._text[self._position :]
        more = self._file.read(max(_BLOCK_CHARACTERS, len(rest)))
        self._text, self._position = rest + more, 0
        self._is_whole = not more
        return bool(more)

    def _fault(self, message: str, position: int | None = None) -> InputError:
        line = self._lines + self._text.count("\n", 0, self._position if position is None else position) + 1
        return InputError(f"{self._label}, line {line}: {message}; {self._expected}")


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None, "the pattern matches nothing at all, too"
    return match.end()
