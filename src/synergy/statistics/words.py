"""Words by which a response shows that it reasons or reflects, counted as the studies do; knows texts alone."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

#: 2507.07562, table 5 and figure 10
REASONING_WORDS = ("wait", "check", "mistake", "alternative", "however")

#: 2504.11468, figure 7: what is tracked while RL goes on
REFLECTION_EXPRESSIONS = ("alternatively", "double-check", "i should check", "wait")


def count_reasoning_words(text: str) -> dict[str, int]:
    """How often each of `REASONING_WORDS` occurs.

    The study gives counts and no rule. Ours: case is ignored and the word must begin there, whatever ending follows, so
    that "Alternatively" and "checked" count and "await" does not.
    """
    return _counts(text, REASONING_WORDS)


def count_reflections(text: str) -> dict[str, int]:
    """How often each of `REFLECTION_EXPRESSIONS` occurs, by the same rule, which is ours here too."""
    return _counts(text, REFLECTION_EXPRESSIONS)


def _counts(text: str, words: Sequence[str]) -> dict[str, int]:
    patterns = _patterns()
    return {word: len(patterns[word].findall(text)) for word in words}


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    words = {*REASONING_WORDS, *REFLECTION_EXPRESSIONS}
    return {word: re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, word.split())), re.IGNORECASE) for word in words}
