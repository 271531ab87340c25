"""A window of pass rates that the table has already."""

from synergy.config.filters import PassRateFilter
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter
from synergy.errors import InputError


def pass_rate(config: PassRateFilter) -> RowFilter:
    """Drops rows outside the window, and those without a rate; raises InputError for what is no rate."""

    def check(candidate: Candidate) -> Reason | None:
        rate = candidate.row.get(config.column)
        if rate is None and config.column in candidate.row:
            return Reason("no_rate")
        if not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise InputError(
                f"problem '{candidate.id}': column {config.column} is {rate!r}; expected a share from 0 to 1 (its "
                f"columns: {', '.join(candidate.row)})"
            )
        if rate < config.at_least:
            return Reason("rate_too_low")
        return Reason("rate_too_high") if rate > config.at_most else None

    return RowFilter(check=check)
