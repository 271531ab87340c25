"""True statements about a picture, in the wording that traces use: dense practice in looking things up.

A caption teaches the way from a place to what stands there. Questions need the other ways too: from a look to its
place, from a condition to all that meet it, from a row to a count. Learned from short answers alone these come
slowly, since an answer looks up two or three things and a list of facts some thirty. All facts of one text are of
one kind, so that a text practises one way of looking.

What a fact is about is chosen at random and given; only what the picture says of it is taught. Taught too, the
choices would be most of the loss, and noise: without them looking things up is learned in two thirds of the steps.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from synergy.pocket.build.drills import drills
from synergy.pocket.build.pieces import Piece, Place
from synergy.pocket.families.locate import MOVES
from synergy.pocket.plots import chart_values, marked_points
from synergy.pocket.scenes import COLOURS, SHAPES, Scene, Selector, place_name

Fact = list[Piece]

_QUESTION = "State facts about the picture."
_DRILLED_BOARDS, _DRILLED_PLOTS = 0.15, 0.6  #: shares that drill arithmetic; plots are soon read
_ASKED = 0.5  #: share of questions that name what is to be stated of
_NUM_PLACES, _NUM_PAIRS, _NUM_STEPS = 9, 4, 5


def practice(scene: Scene, rng: Random) -> tuple[str, list[Piece]]:
    """A question and its response: facts of one random kind, as sentences; sometimes arithmetic instead.

    Half of the questions name what is to be stated of, so that taking it over from there is practised too.
    """
    if rng.random() < (_DRILLED_BOARDS if scene.style == "board" else _DRILLED_PLOTS):
        return _QUESTION, list(_sentences(drills(rng)))
    stated = facts(scene, rng)
    pieces = list(_sentences(stated))
    known_before = not any(piece.given for fact in stated for piece in fact[1:])
    if known_before and rng.random() < _ASKED:
        asked = "; ".join(fact[0].text for fact in stated)
        return f"{_QUESTION} {asked}", [replace(piece, given=False) for piece in pieces]
    return _QUESTION, pieces


def completion(scene: Scene, rng: Random) -> tuple[str, str, str] | None:
    """One fact as a question, a trace and an answer; None where a fact is told in several steps."""
    about, *stated = rng.choice(facts(scene, rng))
    if any(piece.given for piece in stated):
        return None
    answer = "".join(piece.text for piece in stated).strip()
    return f"Complete: {about.text}", f"{about.text} {answer}", answer


def facts(scene: Scene, rng: Random) -> list[Fact]:
    """Facts of one random kind; a plot has few, and they are all stated."""
    if scene.style != "board":
        return _plot_facts(scene)
    kinds: list[Callable[[Scene, Random], list[Fact]]] = [_where, _where, _tallies, _tallies, _counts, _cells, _walk]
    if any(cell.digit is not None for row in scene.cells for cell in row if cell.shape):
        kinds += [_numbers] * 4
    return rng.choice(kinds)(scene, rng) or _cells(scene, rng)


def _sentences(stated: list[Fact]) -> Iterator[Piece]:
    for index, (first, *rest) in enumerate(stated):
        if index:
            yield Piece(".")  # that nothing more is to be said of the last one is taught
            yield Piece(f" {first.text}", first.seen_at, first.given)
        else:
            yield first
        yield from rest


def _about(text: str) -> Piece:
    return Piece(text, given=True)


def _plot_facts(scene: Scene) -> list[Fact]:
    x_labels = ", ".join(str(cell.digit) for cell in scene.cells[-1][1:])
    y_labels = ", ".join(str(row[0].digit) for row in reversed(scene.cells[:-1]))
    points = ", ".join(f"({x}, {y})" for x, y in marked_points(scene))
    read = [("x labels:", x_labels), ("y labels:", y_labels), ("points", points)]
    read += [(f"{colour} is", str(value)) for colour, value in chart_values(scene).items()]
    return [[_about(about), Piece(f" {said}")] for about, said in read]


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
        fact = [_about(f"{selector.words()} by {('row', 'column')[axis]}:")]
        for line in range(1, scene.size + 1):
            found = tuple(place for place in places if place[axis] == line)
            fact.append(Piece(f"{',' if line > 1 else ''} {len(found)}", found))
        stated.append(fact)
    return stated


def _counts(scene: Scene, rng: Random) -> list[Fact]:
    found = [(selector, tuple(selector.places(scene))) for selector in _selectors(rng)]
    return [[_about(f"{selector.words()}:"), Piece(f" {len(places)}", places)] for selector, places in found]


def _numbers(scene: Scene, rng: Random) -> list[Fact]:
    rows = [Selector(row=row) for row in range(1, scene.size + 1)]
    looks = [Selector(colour) for colour in COLOURS], [Selector(shape=shape) for shape in SHAPES]
    stated: list[Fact] = []
    for selector in rng.choice((*looks, rows)):
        digits = [(scene.at(*place).digit, place) for place in selector.places(scene)]
        if digits:
            listed = [Piece(f"{',' if index else ''} {digit}", (place,)) for index, (digit, place) in enumerate(digits)]
            stated.append([_about(f"numbers on {selector.words()}:"), *listed])
    return stated


def _unique(scene: Scene) -> list[tuple[str, Place]]:
    """The objects that no other looks like, with their places."""
    places = list(Selector().places(scene))
    looks = [f"{scene.at(*place).colour} {scene.at(*place).shape}" for place in places]
    return [(look, place) for look, place in zip(looks, places, strict=True) if looks.count(look) == 1]


def _where(scene: Scene, rng: Random) -> list[Fact]:
    unique = _unique(scene)
    chosen = rng.sample(unique, min(_NUM_PLACES, len(unique)))
    return [[_about(f"{look} at"), Piece(f" {place_name(*place)}", (place,))] for look, place in chosen]


def _cells(scene: Scene, rng: Random) -> list[Fact]:
    places = rng.sample(list(scene.positions()), _NUM_PLACES)
    return [[_about(f"{place_name(*place)} is"), Piece(f" {scene.at(*place).words()}", (place,))] for place in places]


def _walk(scene: Scene, rng: Random) -> list[Fact]:
    """From an object that no other looks like, some steps, each naming what stands there."""
    unique = _unique(scene)
    if not unique:
        return []
    look, place = rng.choice(unique)
    stated = [[_about(f"{look} at"), Piece(f" {place_name(*place)}", (place,))]]
    for _ in range(_NUM_STEPS):
        reachable = [
            (move, (place[0] + down, place[1] + right))
            for move, (down, right) in MOVES.items()
            if 1 <= place[0] + down <= scene.size and 1 <= place[1] + right <= scene.size
        ]
        move, place = rng.choice(reachable)
        here, what = place_name(*place), scene.at(*place).words()
        told = [Piece(f" {here}", (place,)), _about(f", and {here} is"), Piece(f" {what}", (place,))]
        stated.append([_about(f"{move} is"), *told])
    return stated
