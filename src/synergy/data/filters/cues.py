"""Traces with and without cues of reflection, counted by both ways to match the keywords of 2504.11468."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from synergy.config.filters import CuesFilter
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter
from synergy.errors import InputError
from synergy.statistics.cues import AHA_KEYWORDS, cues_as_words, cues_within


def cues(config: CuesFilter) -> RowFilter:
    """Counts, and drops what `keep` says; raises InputError for data without traces."""
    by_substring, by_word = Counter[str](), Counter[str]()
    traces = Counter[str]()

    def check(candidate: Candidate) -> Reason | None:
        if candidate.trace is None:
            raise InputError("filter cues with data without traces; expected data.trace_column")
        substrings, words = cues_within(candidate.trace), cues_as_words(candidate.trace)
        by_substring.update(substrings)
        by_word.update(words)
        traces.update(substring=bool(substrings), word=bool(words))
        has_one = bool(substrings if config.match == "substring" else words)
        if config.keep == "with" and not has_one:
            return Reason("without_cues")
        return Reason("with_cues") if config.keep == "without" and has_one else None

    def measured() -> Mapping[str, Any]:
        return {
            "traces_with_cues": {"substring": traces["substring"], "word": traces["word"]},
            "traces_by_keyword": {
                keyword: {"substring": by_substring[keyword], "word": by_word[keyword]} for keyword in AHA_KEYWORDS
            },
        }

    return RowFilter(check=check, measured=measured)
