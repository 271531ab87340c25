"""Texts that say the same again and again: repeated runs of words, and how far zlib shrinks them."""

import zlib

import numpy as np

from synergy.config.filters import RepetitionFilter
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter
from synergy.data.likeness.shingles import ngrams, words

_MIN_BYTES = 500  #: below, zlib's own header and the lack of history decide


def repetition(config: RepetitionFilter) -> RowFilter:
    """Drops a row whose trace, or question where it has none, repeats itself."""

    def check(candidate: Candidate) -> Reason | None:
        text = candidate.row["question"] if candidate.trace is None else candidate.trace
        if repeated_share(text, config.ngram_words) > config.max_repeated:
            return Reason("repeated_words")
        if compression(text) > config.max_compression:
            return Reason("compressible")
        return None

    return RowFilter(check=check)


def repeated_share(text: str, num_words: int) -> float:
    """The share of a text's runs of so many words that came before in it; 0 for a shorter text."""
    found_words = words(text)
    if len(found_words) <= num_words:
        return 0.0
    found = ngrams(found_words, num_words)
    return 1 - len(np.unique(found)) / len(found)


def compression(text: str) -> float:
    """How many times smaller zlib makes a text; 1 for one below 500 bytes."""
    encoded = text.encode("utf-8", "backslashreplace")
    return len(encoded) / len(zlib.compress(encoded)) if len(encoded) >= _MIN_BYTES else 1.0
