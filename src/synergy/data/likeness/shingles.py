"""Texts as sets of hashed word n-grams, and how alike two such sets are."""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np

_WORDS = re.compile(r"\w+")
_TOKENS = re.compile(r"\w+|[^\w\s]")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  #: odd, with bits all over


def normalised(text: str) -> str:
    """A text's words and signs with single spaces, letters lowered: what two copies of it have in common."""
    return " ".join(tokens(text))


def words(text: str) -> list[str]:
    """Runs of letters and digits, letters lowered."""
    return _WORDS.findall(text.lower())


def tokens(text: str) -> list[str]:
    """The same with each sign between them, which is what tells formulas apart."""
    return _TOKENS.findall(text.lower())


def ngrams(sequence: Sequence[str], num: int) -> np.ndarray:
    """Hashes of all runs of `num` in a sequence that is not empty, in order; a shorter one's own: [runs] uint64."""
    hashes = np.array([_hashed(each) for each in sequence], dtype=np.uint64)
    num_runs = max(1, len(hashes) - num + 1)
    found = np.zeros(num_runs, dtype=np.uint64)
    for offset in range(min(num, len(hashes))):
        found = found * _FACTOR + hashes[offset : offset + num_runs]  # wraps around, as hashes do
    return found


def shingles(text: str, num: int) -> np.ndarray:
    """The different runs of `num` words and signs of a text, sorted; empty for a text of none."""
    found = tokens(text)
    return np.unique(ngrams(found, num)) if found else np.zeros(0, dtype=np.uint64)


def jaccard(one: np.ndarray, other: np.ndarray) -> float:
    """The share of what two sorted sets have in common in what either has; 1 for two empty ones."""
    if not len(one) and not len(other):
        return 1.0
    num_shared = len(np.intersect1d(one, other, assume_unique=True))
    return num_shared / (len(one) + len(other) - num_shared)


def digest(text: str) -> str:
    """A key for a text that is too long to keep."""
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


@lru_cache(maxsize=1 << 20)
def _hashed(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "backslashreplace"), digest_size=8).digest(), "big")
