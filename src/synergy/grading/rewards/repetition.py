"""Penalty for repeated n-grams (2502.03373, appendix C.2), over tokens, so that no language or script is special."""

from collections.abc import Sequence


def repeated_fraction(token_ids: Sequence[int], n: int) -> float:
    """The share of n-grams that occurred before, in [0, 1); 0 for fewer than n tokens."""
    num_ngrams = len(token_ids) - n + 1
    if num_ngrams <= 0:
        return 0.0
    distinct = set(zip(*(token_ids[start:] for start in range(n)), strict=False))
    return 1.0 - len(distinct) / num_ngrams
