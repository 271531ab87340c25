"""A table in another layout, row by row into our columns; rows that are no problem are counted and said."""

import logging
from collections.abc import Sequence
from functools import cache

from synergy.config.data import LayoutName
from synergy.data.layouts.layout import Layout, Row
from synergy.data.layouts.registry import LAYOUTS
from synergy.data.layouts.shapes import read_row
from synergy.data.layouts.synergy import SYNERGY
from synergy.errors import InputError, nearest

_log = logging.getLogger(__name__)


def lay_out(label: str, columns: Sequence[str], rows: Sequence[Row], name: LayoutName) -> tuple[list[str], list[Row]]:
    """Our columns that some row has, and the rows that are problems.

    Raises InputError for a missing column, naming those there are, and for a row that does not fit, by its number.
    """
    layout = LAYOUTS[name]
    check_columns(label, columns, layout, name)
    found: list[Row] = []
    for number, row in enumerate(rows, start=1):
        try:
            read = read_row(layout, row)
        except InputError as error:
            raise InputError(f"{label}, row {number}, layout {name}: {error}") from None
        if read is not None:
            found.append(read if layout is SYNERGY else {"id": str(number), "family": row.get("family"), **read})
    if len(found) < len(rows):
        _say_left_out(label, len(rows) - len(found), len(rows), name)
    return list(dict.fromkeys(column for row in found for column in row)), found


@cache
def _say_left_out(label: str, num_out: int, num: int, name: str) -> None:
    """Once a process: a study opens the same table at every step."""
    _log.warning("%s: %d of %d rows are no problem in layout %s, left out", label, num_out, num, name)


def check_columns(label: str, columns: Sequence[str], layout: Layout, name: str) -> None:
    """Raise InputError for a column that the layout needs and the table lacks, naming those there are."""
    for column in layout.columns:
        if not any(each in columns for each in column.split("|")):
            raise InputError(
                f"{label}: missing column '{column}' of layout {name}{nearest(column, columns)}; it has: "
                f"{', '.join(columns) or 'none'}"
            )
