"""What a response says before its answer, cut into steps. Knows nothing about what a step means."""

import re
from dataclasses import dataclass

from synergy.prompts import THINK_CLOSE, THINK_OPEN

_ANSWER = re.compile(r"<answer>|\\boxed")
_BETWEEN = re.compile(r"(?<=[.!?…])[\"')\]*]*\s+|\s*\n\s*")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One sentence, or line, of a response's thinking."""

    text: str
    start: int  #: in characters of the response
    end: int


def thinking(text: str) -> tuple[int, int]:
    """Start and end of the reasoning in a response: inside its <think> tags, else what precedes the answer's form.

    A response without either is reasoning as a whole; one that is an answer alone has none.
    """
    opened = text.find(THINK_OPEN)
    start = opened + len(THINK_OPEN) if opened >= 0 else 0
    closed = text.find(THINK_CLOSE, start)
    if closed < 0:
        found = _ANSWER.search(text, start)
        closed = found.start() if found else len(text)
    while start < closed and text[start].isspace():
        start += 1
    while closed > start and text[closed - 1].isspace():
        closed -= 1
    return start, closed


def steps(text: str) -> list[Step]:
    """The steps of a response's thinking, in order; a step ends where a sentence or a line does."""
    start, end = thinking(text)
    found: list[Step] = []
    for between in [*_BETWEEN.finditer(text, start, end), None]:
        stop = end if between is None else between.start()
        if stop > start:
            found.append(Step(text=text[start:stop], start=start, end=stop))
        if between is not None:
            start = between.end()
    return found
