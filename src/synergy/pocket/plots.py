"""Plots and charts: 4×4 cells, tick labels down the left and along the bottom, a 3×3 field of marks between."""

from collections.abc import Sequence

from synergy.pocket.scenes import EMPTY, Cell, Scene

FIELD = 3  #: columns and rows of the field
DOT_RADIUS = 5


def ticks(start: int, step: int) -> tuple[int, ...]:
    """The three labels of an axis."""
    return tuple(start + step * index for index in range(FIELD))


def plot_scene(
    x_ticks: Sequence[int] | None,
    y_ticks: Sequence[int],
    marks: dict[tuple[int, int], Cell],
    *,
    curve: tuple[tuple[float, float], ...] = (),
) -> Scene:
    """A plot with marks at (column, height) indices, both from 0 at the lower left; a chart has no x labels."""
    rows = []
    for height in reversed(range(FIELD)):
        field = (marks.get((column, height), EMPTY) for column in range(FIELD))
        rows.append((Cell(digit=y_ticks[height]), *field))
    labels = tuple(Cell(digit=tick) for tick in x_ticks) if x_ticks else (EMPTY,) * FIELD
    rows.append((EMPTY, *labels))
    return Scene(tuple(rows), "plot" if x_ticks else "chart", curve)


def curve_point(x_index: float, y_index: float) -> tuple[float, float]:
    """Where a point at these field indices stands, in cell units from the image's top left corner."""
    return (1.5 + x_index, 2.5 - y_index)


def marked_points(scene: Scene) -> list[tuple[int, int]]:
    """The (x, y) of every dot, by x, read from the tick labels of its row and column."""
    points = []
    for column in range(2, scene.size + 1):
        for row in range(1, scene.size):
            if scene.at(row, column).shape == "dot":
                x, y = scene.at(scene.size, column).digit, scene.at(row, 1).digit
                if x is not None and y is not None:
                    points.append((x, y))
    return points


def chart_values(scene: Scene) -> dict[str, int]:
    """The value of every bar or coloured dot, by colour, from left to right."""
    values = {}
    for column in range(2, scene.size + 1):
        for row in range(1, scene.size):
            cell, tick = scene.at(row, column), scene.at(row, 1).digit
            if cell.shape in ("bar", "dot") and cell.colour and tick is not None:
                values[cell.colour] = tick
    return values
