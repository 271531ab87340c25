"""What became of the rows at each filter: counts by reason and by source, and the ids of those that went."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, JsonValue

from synergy.config.base import Config
from synergy.data.filters.row_filter import Reason

Number = Annotated[int, Field(ge=0)]


class DroppedRow(Config):
    """One row that went."""

    id: str
    why: str
    """one of the filter's few words for it"""
    like: str | None = None
    """the row or evaluation problem that it is like, where that is why"""


class SourceCounts(Config):
    """The rows of one source at one filter."""

    num_in: Number
    num_out: Number
    dropped: dict[str, Number]
    """by reason"""


class FilterCounts(Config):
    """One filter."""

    by: str
    """its name"""
    num_in: Number
    num_out: Number
    dropped: dict[str, Number]
    """rows that went, by reason"""
    by_source: dict[str, SourceCounts]
    measured: dict[str, JsonValue]
    """what else the filter counted; of one that asks a model its value of each problem"""
    rows: tuple[DroppedRow, ...]
    """those that went"""


class Tally:
    """Counts one filter's rows as they come."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._in, self._dropped = Counter[str](), Counter[tuple[str, str]]()
        self._rows: list[DroppedRow] = []

    def add(self, row_id: str, source: str, reason: Reason | None) -> None:
        """One row that the filter was asked about."""
        self._in[source] += 1
        if reason is not None:
            self._dropped[source, reason.why] += 1
            self._rows.append(DroppedRow(id=row_id, why=reason.why, like=reason.like))

    def counts(self, measured: Mapping[str, Any]) -> FilterCounts:
        """All of it."""
        by_source = {source: self._of_source(source, num) for source, num in self._in.items()}
        reasons = Counter(row.why for row in self._rows)
        return FilterCounts(
            by=self._by,
            num_in=self._in.total(),
            num_out=self._in.total() - len(self._rows),
            dropped=dict(reasons.most_common()),
            by_source=by_source,
            measured=dict(measured),
            rows=tuple(self._rows),
        )

    def _of_source(self, source: str, num_in: int) -> SourceCounts:
        dropped = {why: num for (of, why), num in self._dropped.items() if of == source}
        return SourceCounts(num_in=num_in, num_out=num_in - sum(dropped.values()), dropped=dropped)
