"""One pass over a table through several filters of rows: a row that one drops is not shown to the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synergy.data.filters.funnel import FilterCounts, Tally
from synergy.data.filters.row_filter import Candidate, RowFilter
from synergy.data.row_table import RowTable


@dataclass(frozen=True, kw_only=True)
class Passed:
    """The rows that stayed."""

    places: tuple[int, ...]  #: in the table, counted from 0
    counts: tuple[FilterCounts, ...]  #: of each filter


def pass_rows(
    table: RowTable,
    places: Sequence[int] | None,
    filters: Sequence[tuple[str, RowFilter]],
    on_progress: Callable[[int], None],
) -> Passed:
    """Filters by name, in order, over the rows at `places` (ascending; None for all).

    `on_progress` is told how many rows were read. Raises what the table and the filters raise.
    """
    tallies = [Tally(name) for name, _ in filters]
    wanted = None if places is None else set(places)
    stayed: list[int] = []
    for place, row in enumerate(table.rows()):
        if wanted is not None and place not in wanted:
            continue
        candidate = Candidate(row, table.folder, table.trace_column)
        source = row.get("source") or table.label
        for tally, (_, each) in zip(tallies, filters, strict=True):
            reason = each.check(candidate)
            tally.add(candidate.id, source, reason)
            if reason is not None:
                break
        else:
            stayed.append(place)
        on_progress(place + 1)
    counts = [tally.counts(each.measured()) for tally, (_, each) in zip(tallies, filters, strict=True)]
    return Passed(places=tuple(stayed), counts=tuple(counts))
