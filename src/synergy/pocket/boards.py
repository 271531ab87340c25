"""Random boards: grids of coloured shapes, free or with a wanted number of matching objects."""

from random import Random

from synergy.pocket.scenes import COLOURS, EMPTY, SHAPES, Cell, Scene, Selector


def random_object(rng: Random, digit: int | None = None) -> Cell:
    """A coloured shape of varied size, a little off its cell's centre; one with a digit is large enough to read."""
    radius = rng.randint(9 if digit is None else 11, 12)
    slack = min(3, 13 - radius)
    offset = (rng.randint(-slack, slack), rng.randint(-slack, slack))
    return Cell(rng.choice(COLOURS), rng.choice(SHAPES), digit, radius, offset)


def random_board(rng: Random, size: int, num_empty: int = 0, digits: bool = False) -> Scene:
    """A board with `num_empty` empty cells; with `digits`, every object carries one."""
    cells = [random_object(rng, rng.randint(0, 9) if digits else None) for _ in range(size * size)]
    for index in rng.sample(range(size * size), num_empty):
        cells[index] = EMPTY
    return board(cells, size)


def board(cells: list[Cell], size: int) -> Scene:
    """Cells in reading order as a scene."""
    return Scene(tuple(tuple(cells[start : start + size]) for start in range(0, size * size, size)))


def planted_board(rng: Random, size: int, selector: Selector, count: int, num_empty: int) -> Scene:
    """A board on which exactly `count` objects match the selector.

    Planting the count, not drawing it, is what keeps answers even: a random board would have a likeliest count,
    and a guesser who never sees the picture could score by it.
    """
    where = Selector(row=selector.row, column=selector.column)
    everything = Scene(tuple(tuple(Cell(shape="circle") for _ in range(size)) for _ in range(size)))
    eligible = where.places(everything)
    wanted = set(rng.sample(eligible, count))
    others = [place for place in everything.positions() if place not in wanted]
    empty = set(rng.sample(others, min(num_empty, len(others))))
    cells = []
    for place in everything.positions():
        cell = random_object(rng)
        while place not in empty and selector.matches(cell, *place) != (place in wanted):
            cell = random_object(rng)
        cells.append(EMPTY if place in empty else cell)
    return board(cells, size)
