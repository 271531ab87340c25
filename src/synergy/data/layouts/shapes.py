"""Rows whose cells are of other types than their data set promises: told in words, never a traceback."""

from synergy.data.layouts.layout import Layout, Row
from synergy.errors import InputError

#: what reading a cell of an unforeseen type raises
UNLIKE = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def read_row(layout: Layout, row: Row) -> Row | None:
    """The row as the layout reads it; raises InputError, too, where a cell is of another type than is described."""
    try:
        return layout.read(row)
    except InputError:
        raise
    except UNLIKE as error:
        raise InputError(
            f"a cell is not as described ({type(error).__name__}: {error}); expected rows as in {layout.source}"
        ) from error
