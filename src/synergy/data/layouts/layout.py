"""What a layout is, and reading its cells. Knows nothing about files or about any data set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synergy.errors import InputError

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One data set's columns.

    `read` is a pure function from its row to ours (`synergy.data.rows`), None for a row that is no problem. A row
    without `id` gets its number in the table, one without `family` the table's own, and one without `group` is a group
    of its own. Raises InputError for what
    the data set never has.
    """

    source: str  #: where the columns are described
    columns: tuple[str, ...]  #: that every table has; "a|b" is one of the two
    read: Callable[[Row], Row | None]
    traces: tuple[str, ...] = ()  #: columns of the read row for `trace_column`


def text(row: Row, name: str) -> str:
    """A cell that has to hold a text; raises InputError naming the row's columns."""
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"column {name} is {value!r}; expected a text (its columns: {', '.join(row)})")
    return value.strip()


def images(row: Row, name: str) -> list[object]:
    """A cell's pictures: one or a list of them, none where it is empty."""
    value: Any = row.get(name)
    return value if isinstance(value, list) else [value] if value else []
