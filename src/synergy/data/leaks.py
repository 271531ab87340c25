"""Rows of one part that another part has too: equal or nearly so, in words, in pictures, in both.

Words alone are compared exactly: in data made from templates questions are nearly the same everywhere.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config
from synergy.config.filters import NearDuplicatesFilter
from synergy.data.filters.exact_duplicates import exact_key
from synergy.data.filters.near_duplicates import NearIndex
from synergy.data.filters.row_filter import Candidate
from synergy.data.row_table import RowTable

Kind = Literal["same_row", "nearly_same_row", "same_pictures", "nearly_same_pictures", "same_text"]
_EXACT: tuple[tuple[Kind, str], ...] = (("same_row", "both"), ("same_pictures", "images"), ("same_text", "text"))
_MOST_SHOWN = 100
_QUESTION = ("question", "choices")
Number = Annotated[int, Field(ge=0)]


class AlikePair(Config):
    """A row and an earlier one of another part."""

    id: str
    part: str
    like: str
    like_part: str


class LeakCounts(Config):
    """One way to be alike."""

    num_rows: Number
    """rows that are like an earlier one of another part"""
    by_parts: dict[str, Number]
    """such rows by the two parts: "train, validation" """
    pairs: tuple[AlikePair, ...]
    """the first hundred"""


class LeakReport(Config):
    """All ways. A row is its question with its options, and its pictures."""

    kinds: dict[Kind, LeakCounts]

    @property
    def num_leaks(self) -> int:
        """Rows that another part has too, or nearly: what could have been learnt by heart."""
        return self.kinds["nearly_same_row"].num_rows


def find_leaks(
    table: RowTable, parts: Sequence[str], likeness: NearDuplicatesFilter, on_progress: Callable[[int], None]
) -> LeakReport:
    """Hold each row against the earlier ones of other parts; `parts` has the part of each row.

    What is the same is nearly the same, too. A row with a picture that cannot be decoded is like none.
    """
    first: dict[Kind, defaultdict[str, dict[str, str]]] = {kind: defaultdict(dict) for kind, _ in _EXACT}
    near = NearIndex(likeness.model_copy(update={"of": "both", "texts": _QUESTION}))
    part_of: dict[str, str] = {}
    found: dict[Kind, list[AlikePair]] = {
        "same_row": [],
        "nearly_same_row": [],
        "same_pictures": [],
        "nearly_same_pictures": [],
        "same_text": [],
    }
    for number, (row, part) in enumerate(zip(table.rows(), parts, strict=True), start=1):
        candidate = Candidate(row, table.folder, table.trace_column)
        alike: dict[Kind, list[str]] = {
            "nearly_same_row": near.alike(candidate),
            "nearly_same_pictures": near.showing_alike(candidate),
        }
        for kind, of in _EXACT:
            key = exact_key(candidate, of, _QUESTION)
            if key is not None:
                alike[kind] = list(first[kind][key].values())
                first[kind][key].setdefault(part, candidate.id)
        for kind, ids in alike.items():
            like = next((each for each in ids if part_of[each] != part), None)
            if like is not None:
                found[kind].append(AlikePair(id=candidate.id, part=part, like=like, like_part=part_of[like]))
        near.add(candidate)
        part_of[candidate.id] = part
        on_progress(number)
    return LeakReport(kinds={kind: _counts(pairs) for kind, pairs in found.items()})


def _counts(pairs: Sequence[AlikePair]) -> LeakCounts:
    by_parts = Counter(", ".join(sorted((pair.part, pair.like_part))) for pair in pairs)
    return LeakCounts(num_rows=len(pairs), by_parts=dict(by_parts), pairs=tuple(pairs[:_MOST_SHOWN]))
