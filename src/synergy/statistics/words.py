"""Words by which a response shows that it reasons or reflects, counted as the studies do; knows texts alone."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

#: 2507.07562, table 5 and figure 10
REASONING_WORDS = ("wait", "check", "mistake", "alternative", "however")

#: 2504.11468, figure 7: what is tracked while RL goes on
REFLECTION_EXPRESSIONS = ("alternatively", "double-check", "i should check", "wait")

#: 2504.11468, appendix A.2: a trace with any of them went to the RL pool, the others to SFT
AHA_KEYWORDS = ("wait", "again", "double-check", "hmm", "mistake", "alternatively", "check", "i should confirm")


def count_reasoning_words(text: str) -> dict[str, int]:
    """How often each of `REASONING_WORDS` occurs.

    The study gives counts and no rule. Ours: case is ignored and the word must begin there, whatever ending follows, so
    that "Alternatively" and "checked" count and "await" does not.
    """
    return _counts(text, REASONING_WORDS)


def count_reflections(text: str) -> dict[str, int]:
    """How often each of `REFLECTION_EXPRESSIONS` occurs, by the same rule, which is ours here too."""
    return _counts(text, REFLECTION_EXPRESSIONS)


def has_aha(text: str) -> bool:
    """Whether any of `AHA_KEYWORDS` is in it, inside other words too: the study's own rule ("against" has "again")."""
    return bool(aha_by_substring(text))


def aha_by_substring(text: str) -> tuple[str, ...]:
    """Which of `AHA_KEYWORDS` are in a text, inside other words too."""
    lowered = text.lower()
    return tuple(keyword for keyword in AHA_KEYWORDS if keyword in lowered)


def aha_by_word(text: str) -> tuple[str, ...]:
    """Which of them are in it as whole words, in any case: "against" and "checked" have none."""
    patterns = _whole_words()
    return tuple(keyword for keyword in AHA_KEYWORDS if patterns[keyword].search(text))


def places(text: str, cue: str) -> list[int]:
    """Where a cue of the studies begins in a text, as a whole word and in any case, in characters."""
    return [match.start() for match in _whole_words()[cue].finditer(text)]


def _counts(text: str, words: Sequence[str]) -> dict[str, int]:
    patterns = _patterns()
    return {word: len(patterns[word].findall(text)) for word in words}


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    words = {*REASONING_WORDS, *REFLECTION_EXPRESSIONS}
    return {word: re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, word.split())), re.IGNORECASE) for word in words}


@cache
def _whole_words() -> Mapping[str, re.Pattern[str]]:
    return {
        keyword: re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, keyword.split())) + r"(?!\w)", re.IGNORECASE)
        for keyword in (*AHA_KEYWORDS, *REFLECTION_EXPRESSIONS)
    }
