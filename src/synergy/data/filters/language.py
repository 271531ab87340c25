"""Texts in other scripts or, if asked, other languages than English.

A light heuristic, no classifier: the share of a text's letters whose Unicode names begin with an expected script, and
the share of its words that are among some sixty English function words. It tells English from Chinese surely, from
French mostly, and says nothing of texts of formulas alone, which have few letters and few words.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from synergy.config.filters import LanguageFilter, Script
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter

_MIN_WORDS = 20  #: shorter texts have too few words to count shares of
_COMMONEST = (
    "the of and to a in is that it for as with on be are this by at from or an not we if then so which has have can "
    "was were will there what how each all its than you i they their these both but he she his her when where let "
    "first next since because"
)
_ENGLISH = frozenset(_COMMONEST.split())
_WORDS = re.compile(r"[^\W\d_]+")
_COMMANDS = re.compile(r"\\[A-Za-z]+")
_OTHER_NAMES = {"cjk": ("CJK", "IDEOGRAPHIC")}


def language(config: LanguageFilter) -> RowFilter:
    """Drops a row where one of its texts has too many letters of other scripts, or too few English words."""

    def check(candidate: Candidate) -> Reason | None:
        for name in config.texts:
            text = _COMMANDS.sub(" ", candidate.text([name]))
            if script_share(text, config.scripts) < config.min_share:
                return Reason(f"{name}_in_another_script")
            if config.min_english is not None and english_share(text) < config.min_english:
                return Reason(f"{name}_not_english")
        return None

    return RowFilter(check=check)


def script_share(text: str, scripts: Sequence[Script]) -> float:
    """The share of a text's letters that are of these scripts; 1 where it has none."""
    letters = [character for character in text if character.isalpha()]
    expected = tuple(scripts)
    return sum(_is_of(letter, expected) for letter in letters) / len(letters) if letters else 1.0


def english_share(text: str) -> float:
    """The share of a text's words that are English function words; 1 where it has fewer than 20 words."""
    found = _WORDS.findall(text.lower())
    return sum(word in _ENGLISH for word in found) / len(found) if len(found) >= _MIN_WORDS else 1.0


@lru_cache(maxsize=65_536)
def _is_of(letter: str, scripts: tuple[Script, ...]) -> bool:
    name = unicodedata.name(letter, "")
    # letters of mathematics, as in bold or script type, are Latin or Greek ones in another dress
    name = unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "") if name.startswith("MATHEMATICAL") else name
    return any(name.startswith(_OTHER_NAMES.get(script, (script.upper(),))) for script in scripts)
