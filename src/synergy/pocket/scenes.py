"""Scenes: what a pocket picture shows, as symbols; drawing them is `synergy.pocket.drawing`'s job.

Every scene is a square grid of cells, and one visual token of the pocket model sees exactly one cell. Rows count
from the top, columns from the left, both from 1. A place is named as in a spreadsheet: `c2` is column 3, row 2.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

COLOURS = ("red", "green", "blue", "yellow", "purple")
SHAPES = ("circle", "square", "triangle", "diamond")
CELL_PIXELS = 28
PLACE_PATTERN = "[a-d][1-4]"
_COLUMN_LETTERS = "abcd"


@dataclass(frozen=True)
class Cell:
    """What one cell shows; an empty cell has none of the three.

    A bare digit is a tick label; a shape may carry a digit. `radius` and the offset from the cell's centre are in
    pixels and belong to the scene, because a box answer depends on them.
    """

    colour: str | None = None
    shape: str | None = None  #: one of SHAPES, or "dot" or "bar" in plots and charts
    digit: int | None = None
    radius: int = 10
    offset: tuple[int, int] = (0, 0)

    def words(self) -> str:
        """The cell in words, such as "red circle 3", "7", "dot" or "empty"."""
        parts = [part for part in (self.colour, self.shape) if part]
        if self.digit is not None:
            parts.append(str(self.digit))
        return " ".join(parts) or "empty"


EMPTY = Cell()


@dataclass(frozen=True)
class Scene:
    """A grid of cells and how it is to be drawn."""

    cells: tuple[tuple[Cell, ...], ...]  #: rows of cells, square: 3×3 or 4×4
    style: Literal["board", "plot", "chart"] = "board"
    curve: tuple[tuple[float, float], ...] = ()  #: a thin line in cell units from the top left corner

    @property
    def size(self) -> int:
        """Cells along one side."""
        return len(self.cells)

    def at(self, row: int, column: int) -> Cell:
        """The cell at that row and column, both from 1."""
        return self.cells[row - 1][column - 1]

    def positions(self) -> Iterator[tuple[int, int]]:
        """All (row, column) in reading order."""
        return ((row, column) for row in range(1, self.size + 1) for column in range(1, self.size + 1))

    def row_words(self, row: int) -> str:
        """One row in words, cells divided by commas."""
        return ", ".join(cell.words() for cell in self.cells[row - 1])

    def caption(self) -> str:
        """All cells in reading order: cells divided by ",", rows by ";" (the `cells` answer kind)."""
        return "; ".join(self.row_words(row) for row in range(1, self.size + 1))

    def words(self) -> str:
        """The scene as prose, for text twins."""
        rows = ". ".join(f"Row {row}: {self.row_words(row)}" for row in range(1, self.size + 1))
        return f"A {self.size} by {self.size} grid. {rows}."

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the object in that cell, relative to the image's side."""
        cell, side = self.at(row, column), self.size * CELL_PIXELS
        x = (column - 0.5) * CELL_PIXELS + cell.offset[0]
        y = (row - 0.5) * CELL_PIXELS + cell.offset[1]
        r = cell.radius
        return ((x - r) / side, (y - r) / side, (x + r) / side, (y + r) / side)


def place_name(row: int, column: int) -> str:
    """The name of a cell, such as "c2" for row 2, column 3: one token says which axis it means."""
    return f"{_COLUMN_LETTERS[column - 1]}{row}"


def read_place(name: str) -> tuple[int, int]:
    """The (row, column) that `place_name` named."""
    return int(name[1]), _COLUMN_LETTERS.index(name[0]) + 1


@dataclass(frozen=True)
class Selector:
    """A condition on cells, with its wording: "red circles in row 2", "objects that are not red"."""

    colour: str | None = None
    shape: str | None = None
    row: int | None = None
    column: int | None = None
    negated: bool = False  #: negates the colour-and-shape part, never the row or column

    def matches(self, cell: Cell, row: int, column: int) -> bool:
        """Whether the object in that cell is meant; an empty cell never is."""
        if cell.shape is None:
            return False
        looks = (self.colour in (None, cell.colour)) and (self.shape in (None, cell.shape))
        return looks != self.negated and self.row in (None, row) and self.column in (None, column)

    def places(self, scene: Scene) -> list[tuple[int, int]]:
        """Where the scene has such objects, in reading order."""
        return [place for place in scene.positions() if self.matches(scene.at(*place), *place)]

    def words(self) -> str:
        """The condition in words; `parse_selector` reads it back."""
        noun = f"{self.shape}s" if self.shape else "objects"
        looks = f"{self.colour} {noun}" if self.colour else noun
        if self.negated:
            looks = f"objects that are not {self.colour or ''}{' ' if self.colour and self.shape else ''}"
            looks += f"{self.shape}s" if self.shape else ""
        where = f" in row {self.row}" if self.row else f" in column {self.column}" if self.column else ""
        return looks + where


_COLOUR, _SHAPE = "|".join(COLOURS), "|".join(SHAPES)
SELECTOR_PATTERN = (
    rf"(?:objects that are not (?:(?:{_COLOUR})(?: (?:{_SHAPE})s)?|(?:{_SHAPE})s)"
    rf"|(?:(?:{_COLOUR}) )?(?:(?:{_SHAPE})s|objects))(?: in (?:row|column) [1-4])?"
)


def parse_selector(text: str) -> Selector:
    """The selector that `words` wrote; the text must match SELECTOR_PATTERN."""
    where = re.search(r" in (row|column) ([1-4])$", text)
    looks = text[: where.start()] if where else text
    negated = looks.startswith("objects that are not ")
    names = looks.removeprefix("objects that are not ").split()
    colour = next((name for name in names if name in COLOURS), None)
    shape = next((name[:-1] for name in names if name[:-1] in SHAPES), None)
    row = int(where[2]) if where and where[1] == "row" else None
    column = int(where[2]) if where and where[1] == "column" else None
    return Selector(colour, shape, row, column, negated)
