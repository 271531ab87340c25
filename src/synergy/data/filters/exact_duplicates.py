"""Rows that equal an earlier one, in text but for case and spacing, in pictures by their pixels."""

from collections.abc import Sequence

from synergy.config.filters import ExactDuplicatesFilter
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter
from synergy.data.likeness.shingles import digest, normalised


def exact_duplicates(config: ExactDuplicatesFilter) -> RowFilter:
    """Drops the later ones."""
    first: dict[str, str] = {}

    def check(candidate: Candidate) -> Reason | None:
        key = exact_key(candidate, config.of, config.texts)
        if key is None:
            return None
        earlier = first.setdefault(key, candidate.id)
        return None if earlier == candidate.id else Reason("same", earlier)

    return RowFilter(check=check)


def exact_key(candidate: Candidate, of: str, texts: Sequence[str]) -> str | None:
    """What two equal rows have in common; None where there is nothing to compare or a picture cannot be decoded."""
    parts = [] if of == "images" else [normalised(candidate.text(texts))]
    if of != "text":
        if None in candidate.pixel_hashes or (of == "images" and not candidate.pixel_hashes):
            return None
        parts += map(str, candidate.pixel_hashes)
    return digest("\n".join(parts)) if any(parts) else None
