"""Cues of self-reflection in a trace, by which the second study splits its data; knows texts alone."""

import re
from collections.abc import Sequence
from functools import cache

#: 2504.11468, appendix A.2: a trace with any of them went to the RL pool, the others to SFT
AHA_KEYWORDS = ("wait", "again", "double-check", "hmm", "mistake", "alternatively", "check", "i should confirm")


def cues_within(text: str, keywords: Sequence[str] = AHA_KEYWORDS) -> list[str]:
    """The keywords in a text in any case, inside other words too: the study's own rule ("against" has "again")."""
    lowered = text.lower()
    return [keyword for keyword in keywords if keyword.lower() in lowered]


def cues_as_words(text: str, keywords: Sequence[str] = AHA_KEYWORDS) -> list[str]:
    """The keywords that stand alone in a text, in any case: "again" is not in "against", "check" not in "checked"."""
    return [each for each in keywords if _whole_word(each).search(text)]


def cue_places(text: str, keyword: str) -> list[int]:
    """Where a keyword begins in a text, standing alone and in any case, in characters."""
    return [match.start() for match in _whole_word(keyword).finditer(text)]


@cache
def _whole_word(keyword: str) -> re.Pattern[str]:
    """A keyword that stands alone, its words parted by any white space."""
    return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, keyword.split())) + r"(?!\w)", re.IGNORECASE)
