"""Rows that are nearly an earlier one: in words by shingles, in pictures by their looks."""

from collections import defaultdict

import numpy as np

from synergy.config.filters import NearDuplicatesFilter
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter
from synergy.data.likeness.minhash import MinHashIndex
from synergy.data.likeness.pictures import PictureIndex
from synergy.data.likeness.shingles import jaccard, shingles


def near_duplicates(config: NearDuplicatesFilter) -> RowFilter:
    """Drops the later ones."""
    index = NearIndex(config)

    def check(candidate: Candidate) -> Reason | None:
        found = index.alike(candidate)
        if found:
            return Reason("nearly_same", found[0])
        index.add(candidate)
        return None

    return RowFilter(check=check)


class NearIndex:
    """Rows by what they nearly are; of several pictures each needs its like, in order."""

    def __init__(self, config: NearDuplicatesFilter) -> None:
        self._config = config
        self._texts = MinHashIndex(config.min_jaccard)
        self._of_text: list[str] = []
        self._pictures = PictureIndex(config.pictures.max_hamming, config.pictures.max_difference)
        self._of_pictures: dict[tuple[int, ...], list[tuple[str, np.ndarray]]] = defaultdict(list)
        self._with_first: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        self._number_of: dict[str, int] = {}

    def add(self, candidate: Candidate) -> None:
        """Keep a row; one with a picture that cannot be decoded is like none."""
        if self._is_by_text(candidate):
            members = self._shingles(candidate)
            if len(members):
                self._texts.add(members)
                self._of_text.append(candidate.id)
            return
        if not candidate.looks or None in candidate.looks:
            return
        key = tuple(self._picture(candidate, place) for place in range(len(candidate.looks)))
        if key not in self._of_pictures:
            self._with_first[key[0]].append(key)
        self._of_pictures[key].append((candidate.id, self._shingles(candidate)))

    def alike(self, candidate: Candidate) -> list[str]:
        """The ids of kept rows that are nearly this one, those kept first at the head."""
        members = self._shingles(candidate)
        if self._is_by_text(candidate):
            return [self._of_text[number] for number in self._texts.alike(members)] if len(members) else []
        rows = self._showing(candidate)
        if self._config.of == "images":
            return [row_id for row_id, _ in rows]
        return [row_id for row_id, theirs in rows if jaccard(members, theirs) >= self._config.min_jaccard]

    def showing_alike(self, candidate: Candidate) -> list[str]:
        """The ids of kept rows whose pictures are nearly this one's, whatever is asked; none for a row without."""
        return [row_id for row_id, _ in self._showing(candidate)]

    def _showing(self, candidate: Candidate) -> list[tuple[str, np.ndarray]]:
        if not candidate.looks or None in candidate.looks:
            return []
        near = [set(self._pictures.alike(each)) for each in candidate.looks if each is not None]
        keys = [key for first in sorted(near[0]) for key in self._with_first.get(first, ())]
        keys = [key for key in keys if len(key) == len(near) and all(a in b for a, b in zip(key, near, strict=True))]
        return [row for key in keys for row in self._of_pictures[key]]

    def _is_by_text(self, candidate: Candidate) -> bool:
        return self._config.of == "text" or (self._config.of == "both" and not candidate.num_pictures)

    def _shingles(self, candidate: Candidate) -> np.ndarray:
        return shingles(candidate.text(self._config.texts), self._config.shingle_words)

    def _picture(self, candidate: Candidate, place: int) -> int:
        """A picture's number; one whose pixels were seen before has its number."""
        pixels, found = candidate.pixel_hashes[place], candidate.looks[place]
        assert pixels is not None, "only rows whose pictures can be decoded are kept"
        assert found is not None, "only rows whose pictures can be decoded are kept"
        if pixels not in self._number_of:
            self._number_of[pixels] = self._pictures.add(found)
        return self._number_of[pixels]
