"""Reading a question's options out of texts; knows nothing about which one is right for a response."""

import ast
import json
import re
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from synergy.errors import InputError

_MAX_LIST_CHARACTERS = 100_000
_LISTED = re.compile(r"(?:^|[\s;,(])\(?(?P<letter>[A-J])[).:：．、]\s*")
_OPTIONS = re.compile(r"\n\s*(?:Options|Choices):\s*(?P<options>\(?A\b.*)\Z", re.DOTALL)


def listed_options(written: str) -> tuple[str, ...]:
    """The options of a text such as "A. 12; B. 6; C. 24", "A: a cat, B: a dog" or lines of "(A) 12"; else none.

    The letters have to start at A and go on in order; what looks like a later letter out of order is text.
    """
    starts: list[tuple[int, int]] = []
    for match in _LISTED.finditer(written):
        if match["letter"] == ascii_uppercase[len(starts)]:
            starts.append((match.start(), match.end()))
    if len(starts) < 2:
        return ()
    ends = [start for start, _ in starts[1:]] + [len(written)]
    return tuple(written[start:end].strip().rstrip(";,").rstrip() for (_, start), end in zip(starts, ends, strict=True))


def gold_letter(answer: str, choices: Sequence[str]) -> str:
    """The letter of a gold answer given as letter or as option text; raises InputError where it names no option."""
    letters = ascii_uppercase[: len(choices)]
    letter = answer.strip().strip("()").rstrip(".").upper()
    if len(letter) == 1 and letter in letters:
        return letter
    if list(choices).count(answer) == 1:
        return letters[list(choices).index(answer)]
    raise InputError(f"the answer '{answer[:60]}' names none of {len(choices)} options; expected a letter or a text")


def split_options(written: str) -> tuple[str, tuple[str, ...]]:
    """A question and the options that are listed after its "Options:" or "Choices:"; no options where none are."""
    match = _OPTIONS.search(written)
    options = listed_options(match["options"]) if match else ()
    return (written[: match.start()].strip(), options) if match and options else (written.strip(), ())


def literal_list(written: str) -> tuple[Any, ...] | None:
    """The items of a list written out in Python or JSON, None for any other text."""
    written = written.strip()
    if not (written.startswith("[") and written.endswith("]")) or len(written) > _MAX_LIST_CHARACTERS:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(written)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(found, list):
            return tuple(found)
    return None
