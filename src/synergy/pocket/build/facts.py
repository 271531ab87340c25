"""True statements about a picture, in the wording that traces use: dense practice in looking things up.

A caption teaches the way from a place to what stands there. Questions need the other ways too: from a look to its
place, from a condition to all that meet it, from a row to a count. Learned from short answers alone these come
slowly, since an answer looks up two or three things and a list of facts some thirty.
"""

from random import Random

from synergy.pocket.families.locate import MOVES
from synergy.pocket.plots import marked_points
from synergy.pocket.scenes import COLOURS, SHAPES, Scene, Selector, place_name

NUM_FACTS = 9


def facts(scene: Scene, rng: Random) -> str:
    """Several random facts as one text; a plot has few, and states them all."""
    if scene.style != "board":
        return _plot_facts(scene)
    makers = (_tally, _tally, _count, _numbers, _where, _where, _what, _neighbour)
    stated = [rng.choice(makers)(scene, rng) for _ in range(NUM_FACTS)]
    return ". ".join(fact for fact in stated if fact)


def _plot_facts(scene: Scene) -> str:
    x_labels = ", ".join(str(cell.digit) for cell in scene.cells[-1][1:])
    y_labels = ", ".join(str(row[0].digit) for row in reversed(scene.cells[:-1]))
    points = ", ".join(f"({x}, {y})" for x, y in marked_points(scene))
    return f"x labels: {x_labels}. y labels: {y_labels}. points {points}"


def _selector(rng: Random) -> Selector:
    colour, shape = rng.choice(COLOURS), rng.choice(SHAPES)
    kinds = (Selector(colour), Selector(shape=shape), Selector(colour, shape), Selector(colour), Selector(shape=shape))
    chosen = rng.choice(kinds)
    negated = rng.random() < 0.2
    return Selector(chosen.colour, chosen.shape, negated=negated)


def _tally(scene: Scene, rng: Random) -> str:
    selector, axis = _selector(rng), rng.randint(0, 1)
    places = selector.places(scene)
    counts = [sum(place[axis] == line for place in places) for line in range(1, scene.size + 1)]
    return f"{selector.words()} by {('row', 'column')[axis]}: {', '.join(map(str, counts))}"


def _count(scene: Scene, rng: Random) -> str:
    selector = _selector(rng)
    if rng.random() < 0.3:
        line = rng.randint(1, scene.size)
        row, column = (line, None) if rng.random() < 0.5 else (None, line)
        selector = Selector(selector.colour, selector.shape, row, column, selector.negated)
    return f"{selector.words()}: {len(selector.places(scene))}"


def _numbers(scene: Scene, rng: Random) -> str:
    row = Selector(row=rng.randint(1, scene.size))
    selector = rng.choice((Selector(rng.choice(COLOURS)), Selector(shape=rng.choice(SHAPES)), row))
    digits = [scene.at(*place).digit for place in selector.places(scene)]
    if not digits or None in digits:
        return _where(scene, rng)
    return f"numbers on {selector.words()}: {', '.join(map(str, digits))}"


def _where(scene: Scene, rng: Random) -> str:
    """The place of an object whose look is unique; an empty text where there is none."""
    objects = [scene.at(*place) for place in Selector().places(scene)]
    looks = [(cell.colour, cell.shape) for cell in objects]
    unique = [(colour, shape) for colour, shape in looks if looks.count((colour, shape)) == 1]
    if not unique:
        return ""
    colour, shape = rng.choice(unique)
    (place,) = Selector(colour, shape).places(scene)
    return f"{colour} {shape} at {place_name(*place)}"


def _what(scene: Scene, rng: Random) -> str:
    place = rng.choice(list(scene.positions()))
    return f"{place_name(*place)} is {scene.at(*place).words()}"


def _neighbour(scene: Scene, rng: Random) -> str:
    """A step from one place to the next, continuing from a look where one is unique."""
    start = _where(scene, rng)
    if not start:
        return ""
    row, column = int(start[-3]), int(start[-1])
    moves = [
        (move, (row + down, column + right))
        for move, (down, right) in MOVES.items()
        if 1 <= row + down <= scene.size and 1 <= column + right <= scene.size
    ]
    move, place = rng.choice(moves)
    return f"{start}, {move} is {place_name(*place)}, and {place_name(*place)} is {scene.at(*place).words()}"
