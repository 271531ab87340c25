"""True statements about a picture, in the wording that traces use: dense practice in looking things up.

A caption teaches the way from a place to what stands there. Questions need the other ways too: from a look to its
place, from a condition to all that meet it, from a row to a count. Learned from short answers alone these come
slowly, since an answer looks up two or three things and a list of facts some thirty. All facts of one text are of
one kind, so that a text practises one way of looking.

What a fact is about is chosen at random and given; only what the picture says of it is taught. Taught too, the
choices would be most of the loss, and noise: without them looking things up is learned in two thirds of the steps.
"""

from collections.abc import Callable
from random import Random

from synergy.pocket.families.locate import MOVES
from synergy.pocket.plots import marked_points
from synergy.pocket.scenes import COLOURS, SHAPES, Scene, Selector, place_name

Fact = tuple[str, ...]  #: what is given and what is stated of it, in turn: ("red circle at", " c3")

_NUM_PLACES, _NUM_PAIRS, _NUM_STEPS = 9, 4, 5


def facts(scene: Scene, rng: Random) -> list[Fact]:
    """Facts of one random kind; a plot has few, and they are all stated."""
    if scene.style != "board":
        return _plot_facts(scene)
    kinds: list[Callable[[Scene, Random], list[Fact]]] = [*[_where] * 4, _tallies, _tallies, _counts, _cells, _walk]
    if any(cell.digit is not None for row in scene.cells for cell in row if cell.shape):
        kinds += [_numbers] * 4
    return rng.choice(kinds)(scene, rng) or _cells(scene, rng)


def _plot_facts(scene: Scene) -> list[Fact]:
    x_labels = ", ".join(str(cell.digit) for cell in scene.cells[-1][1:])
    y_labels = ", ".join(str(row[0].digit) for row in reversed(scene.cells[:-1]))
    points = ", ".join(f"({x}, {y})" for x, y in marked_points(scene))
    return [("x labels:", f" {x_labels}"), ("y labels:", f" {y_labels}"), ("points", f" {points}")]


def _selectors(rng: Random) -> list[Selector]:
    """All colours, all shapes, or some pairs of both; sometimes their opposites."""
    pairs = [Selector(rng.choice(COLOURS), rng.choice(SHAPES)) for _ in range(_NUM_PAIRS)]
    chosen = rng.choice(([Selector(colour) for colour in COLOURS], [Selector(shape=shape) for shape in SHAPES], pairs))
    negated = rng.random() < 0.2
    return [Selector(selector.colour, selector.shape, negated=negated) for selector in chosen]


def _tallies(scene: Scene, rng: Random) -> list[Fact]:
    axis = rng.randint(0, 1)
    stated: list[Fact] = []
    for selector in _selectors(rng):
        places = selector.places(scene)
        counts = [sum(place[axis] == line for place in places) for line in range(1, scene.size + 1)]
        given = f"{selector.words()} by {('row', 'column')[axis]}:"
        stated.append((given, f" {', '.join(map(str, counts))}"))
    return stated


def _counts(scene: Scene, rng: Random) -> list[Fact]:
    return [(f"{selector.words()}:", f" {len(selector.places(scene))}") for selector in _selectors(rng)]


def _numbers(scene: Scene, rng: Random) -> list[Fact]:
    rows = [Selector(row=row) for row in range(1, scene.size + 1)]
    looks = [Selector(colour) for colour in COLOURS], [Selector(shape=shape) for shape in SHAPES]
    stated: list[Fact] = []
    for selector in rng.choice((*looks, rows)):
        digits = [scene.at(*place).digit for place in selector.places(scene)]
        if digits:
            stated.append((f"numbers on {selector.words()}:", f" {', '.join(map(str, digits))}"))
    return stated


def _unique(scene: Scene) -> list[tuple[str, tuple[int, int]]]:
    """The objects that no other looks like, with their places."""
    places = list(Selector().places(scene))
    looks = [f"{scene.at(*place).colour} {scene.at(*place).shape}" for place in places]
    return [(look, place) for look, place in zip(looks, places, strict=True) if looks.count(look) == 1]


def _where(scene: Scene, rng: Random) -> list[Fact]:
    unique = _unique(scene)
    chosen = rng.sample(unique, min(_NUM_PLACES, len(unique)))
    return [(f"{look} at", f" {place_name(*place)}") for look, place in chosen]


def _cells(scene: Scene, rng: Random) -> list[Fact]:
    places = rng.sample(list(scene.positions()), _NUM_PLACES)
    return [(f"{place_name(*place)} is", f" {scene.at(*place).words()}") for place in places]


def _walk(scene: Scene, rng: Random) -> list[Fact]:
    """From an object that no other looks like, some steps, each naming what stands there."""
    unique = _unique(scene)
    if not unique:
        return []
    look, place = rng.choice(unique)
    stated: list[Fact] = [(f"{look} at", f" {place_name(*place)}")]
    for _ in range(_NUM_STEPS):
        reachable = [
            (move, (place[0] + down, place[1] + right))
            for move, (down, right) in MOVES.items()
            if 1 <= place[0] + down <= scene.size and 1 <= place[1] + right <= scene.size
        ]
        move, place = rng.choice(reachable)
        here = place_name(*place)
        stated.append((f"{move} is", f" {here}", f", and {here} is", f" {scene.at(*place).words()}"))
    return stated
