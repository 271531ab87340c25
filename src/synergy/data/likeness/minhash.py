"""Finding sets that are alike among many: MinHash signatures in bands (Broder 1997), each hit checked exactly.

Signatures only say whom to compare: what is returned is compared by its whole sets, so nothing is called alike that is
not. How many alike ones are missed depends on the bands, which are chosen so that at the threshold less than one in a
thousand is.
"""

from collections import defaultdict

import numpy as np

from synergy.data.likeness.shingles import jaccard

_NUM_HASHES = 128
_MOST_MISSED = 1e-3
_GENERATOR = np.random.default_rng(0)
#: multiply-shift hashing: odd factors, the upper 32 bits of the product count
_FACTORS = _GENERATOR.integers(1, 1 << 63, _NUM_HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _GENERATOR.integers(0, 1 << 63, _NUM_HASHES, dtype=np.uint64)


class MinHashIndex:
    """Sets of hashes by number; memory holds all of them, eight bytes a member."""

    def __init__(self, min_jaccard: float) -> None:
        self._min_jaccard = min_jaccard
        self._rows = rows_per_band(min_jaccard)
        self._sets: list[np.ndarray] = []
        self._bands: list[defaultdict[bytes, list[int]]] = [defaultdict(list) for _ in range(_NUM_HASHES // self._rows)]

    def add(self, members: np.ndarray) -> int:
        """Keep a sorted set; returns its number, counted from 0."""
        number = len(self._sets)
        self._sets.append(members)
        for band, key in zip(self._bands, self._keys(members), strict=True):
            band[key].append(number)
        return number

    def alike(self, members: np.ndarray) -> list[int]:
        """The numbers of kept sets whose Jaccard similarity reaches the threshold, ascending."""
        found: set[int] = set()
        for band, key in zip(self._bands, self._keys(members), strict=True):
            found.update(band.get(key, ()))
        return [number for number in sorted(found) if self.are_alike(number, members)]

    def are_alike(self, number: int, members: np.ndarray) -> bool:
        """Whether a kept set reaches the threshold with this one."""
        return jaccard(self._sets[number], members) >= self._min_jaccard

    def _keys(self, members: np.ndarray) -> list[bytes]:
        signature = signature_of(members)
        return [signature[start : start + self._rows].tobytes() for start in range(0, _NUM_HASHES, self._rows)]


def signature_of(members: np.ndarray) -> np.ndarray:
    """The MinHash signature of a set that is not empty: [128] uint64."""
    return ((members[:, None] * _FACTORS + _OFFSETS) >> np.uint64(32)).min(axis=0)


def rows_per_band(min_jaccard: float) -> int:
    """The most rows a band with which sets just at the threshold are missed less than once in a thousand."""
    for rows in (32, 16, 8, 4, 2):
        if (1 - min_jaccard**rows) ** (_NUM_HASHES // rows) < _MOST_MISSED:
            return rows
    return 1
