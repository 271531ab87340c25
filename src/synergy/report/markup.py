"""Pieces of HTML that sections share: a section, numbers as people read them, cells of a study's axes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from synergy.studies.results import Cell

MINUS = "−"


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the page."""

    id: str
    title: str
    body: Markup


def lines(parts: Sequence[Markup]) -> Markup:
    """Pieces one below the other."""
    return Markup("\n").join(parts)


def paragraph(text: str, css: str = "") -> Markup:
    """A paragraph of plain text."""
    return Markup('<p class="{}">{}</p>').format(css, text) if css else Markup("<p>{}</p>").format(text)


def percent(share: float, digits: int = 1) -> str:
    """A share as percent without the sign; – where there is none."""
    return number(100 * share, digits)


def points(share: float, digits: int = 1) -> str:
    """A difference of shares as percentage points with its sign."""
    return signed(100 * share, digits)


def number(value: float, digits: int = 1) -> str:
    """A plain number with a real minus; – for NaN."""
    if math.isnan(value):
        return "–"
    return f"{value:,.{digits}f}".replace("-", MINUS)


def signed(value: float, digits: int = 1) -> str:
    """The same, with a plus before what is above 0."""
    text = number(value, digits)
    return f"+{text}" if value > 0 and not math.isnan(value) else text


def amount(value: float) -> str:
    """A large number in three digits and a unit: 1.23 M; FLOPs reach E."""
    for unit, size in (("E", 1e18), ("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def cell_label(axes: Mapping[str, str]) -> str:
    """A cell of the axes by its labels; empty for a study without."""
    return ", ".join(f"{axis} {label}" for axis, label in axes.items())


def by_cell(cells: Sequence[Cell], make: Callable[[Cell, str], Markup | None]) -> Markup | None:
    """What `make` says of each cell, given it and a prefix for ids; cells behind the first are folded."""
    made = [(cell, make(cell, f"c{index}-" if len(cells) > 1 else "")) for index, cell in enumerate(cells)]
    found = [(cell, body) for cell, body in made if body is not None]
    if len(cells) == 1:
        return found[0][1] if found else None
    template = Markup('<details class="cell"{}><summary>{}</summary>\n{}\n</details>')
    folded = [
        template.format(Markup(" open") if index == 0 else "", cell_label(cell.axes), body)
        for index, (cell, body) in enumerate(found)
    ]
    return lines(folded) if folded else None
