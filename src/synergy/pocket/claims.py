"""Reading back what a trace states about a task, and checking each statement by executing it.

The expert's traces state nothing that this cannot read; a model's traces are read as far as they keep to the same
wording. A false claim is *mended* when a later claim corrects it: same subject, true, after a word of doubt.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from synergy.pocket.arithmetic import NotArithmetic, evaluate
from synergy.pocket.families.expression import sine_at
from synergy.pocket.families.locate import MOVES
from synergy.pocket.plots import chart_values, marked_points
from synergy.pocket.puzzles import Puzzle
from synergy.pocket.scenes import (
    COLOURS,
    PLACE_PATTERN,
    SELECTOR_PATTERN,
    SHAPES,
    Scene,
    Selector,
    parse_selector,
    read_place,
)
from synergy.pocket.tasks import Task

_DOUBT = re.compile(r"\b(?:wait|hmm|mistake|not right|no:|correct)", re.IGNORECASE)
_COLOUR, _SHAPE = "|".join(COLOURS), "|".join(SHAPES)
_CELL = rf"(?:empty|(?:(?:{_COLOUR}) )?(?:{_SHAPE}|dot|bar)(?: \d)?|\d)"
_PLACE = rf"\b{PLACE_PATTERN}\b"
_NUMBERS = r"-?\d+(?:, -?\d+)*"
_OPERAND = r"-?\d+(?:/\d+)?"


@dataclass(frozen=True)
class Claim:
    """One statement of a trace, executed."""

    text: str
    subject: str  #: what it is about: a later claim with the same subject can mend it
    true: bool
    mended: bool = False

    @property
    def stands(self) -> bool:
        """True, or false and mended later."""
        return self.true or self.mended


@dataclass
class _Reading:
    """What reading a trace remembers: a move is relative to the place named last."""

    task: Task
    place: tuple[int, int] | None = None

    @property
    def scene(self) -> Scene:
        assert isinstance(self.task.picture, Scene)
        return self.task.picture


def _ints(text: str) -> list[int]:
    return [int(number) for number in text.split(", ")]


def _inside(reading: _Reading, place: tuple[int, int]) -> bool:
    return all(1 <= index <= reading.scene.size for index in place)


def _row(reading: _Reading, match: re.Match[str]) -> bool:
    row = int(match["row"])
    return row <= reading.scene.size and reading.scene.row_words(row) == match["cells"]


def _numbers_on(reading: _Reading, match: re.Match[str]) -> bool:
    places = parse_selector(match["numbered"]).places(reading.scene)
    numbers = _ints(match["listed"])
    extremes = {"largest": max(numbers), "smallest": min(numbers)}
    named = re.findall(r"(largest|smallest) (\d)", match["extremes"])
    return [reading.scene.at(*place).digit for place in places] == numbers and all(
        extremes[word] == int(value) for word, value in named
    )


def _by_line(reading: _Reading, match: re.Match[str]) -> bool:
    selector, axis = parse_selector(match["tallied"]), 0 if match["axis"] == "row" else 1
    places = selector.places(reading.scene)
    counts = [sum(place[axis] == line for place in places) for line in range(1, reading.scene.size + 1)]
    return counts == _ints(match["counts"])


def _count(reading: _Reading, match: re.Match[str]) -> bool:
    return len(parse_selector(match["counted"]).places(reading.scene)) == int(match["count"])


def _object_at(reading: _Reading, match: re.Match[str]) -> bool:
    colour, shape = match["looks"].split()
    reading.place = read_place(match["at"])
    return Selector(colour, shape).places(reading.scene) == [reading.place]


def _objects_at(reading: _Reading, match: re.Match[str]) -> bool:
    places = [] if match["places"] == "none" else [read_place(text) for text in match["places"].split(", ")]
    return parse_selector(match["spread"]).places(reading.scene) == places


def _move(reading: _Reading, match: re.Match[str]) -> bool:
    start = read_place(match["start"]) if match["start"] else reading.place
    end = reading.place = read_place(match["end"])
    if start is None:
        return False
    down, right = MOVES[match["move"]]
    return (start[0] + down, start[1] + right) == end and _inside(reading, end)


def _cell_is(reading: _Reading, match: re.Match[str]) -> bool:
    reading.place = read_place(match["cell_at"])
    return _inside(reading, reading.place) and reading.scene.at(*reading.place).words() == match["cell"]


def _from(reading: _Reading, match: re.Match[str]) -> bool:
    reading.place = read_place(match["origin"])
    return _inside(reading, reading.place)


def _extreme_of(reading: _Reading, match: re.Match[str]) -> bool:
    numbers = _ints(match["of"])
    return (max(numbers) if match["extreme"] == "largest" else min(numbers)) == int(match["is"])


def _arithmetic(reading: _Reading, match: re.Match[str]) -> bool:
    try:
        return evaluate(match["left"]) == Fraction(match["value"])
    except (NotArithmetic, ZeroDivisionError):
        return False


def _option(reading: _Reading, match: re.Match[str]) -> bool:
    index = "ABCD".index(match["letter"])
    return index < len(reading.task.choices) and reading.task.choices[index] == match["option"].strip()


def _point(reading: _Reading, match: re.Match[str]) -> bool:
    return (int(match["x"]), int(match["y"])) in marked_points(reading.scene)


def _labels(reading: _Reading, match: re.Match[str]) -> bool:
    scene = reading.scene
    if match["axis_name"] == "x":
        return [cell.digit for cell in scene.cells[-1][1:]] == _ints(match["labels"])
    return [row[0].digit for row in reversed(scene.cells[:-1])] == _ints(match["labels"])


def _sine(reading: _Reading, match: re.Match[str]) -> bool:
    return sine_at(int(match["sine_x"])) == int(match["sine"])


def _chart_value(reading: _Reading, match: re.Match[str]) -> bool:
    return chart_values(reading.scene).get(match["mark"]) == int(match["mark_value"])


def _tile(reading: _Reading, match: re.Match[str]) -> bool:
    puzzle = reading.task.picture
    return isinstance(puzzle, Puzzle) and puzzle.order[int(match["tile"]) - 1] == int(match["goes"])


@dataclass(frozen=True)
class _Kind:
    """A kind of claim: its wording, how it is executed, and which groups name its subject."""

    pattern: str
    holds: Callable[[_Reading, re.Match[str]], bool]
    subject: tuple[str, ...]


#: in the order in which they are tried at a position
_BOARD_KINDS = (
    _Kind(rf"row (?P<row>[1-4]): (?P<cells>{_CELL}(?:, {_CELL})*)", _row, ("row",)),
    _Kind(
        rf"numbers on (?P<numbered>{SELECTOR_PATTERN}): (?P<listed>{_NUMBERS})"
        r"(?P<extremes>(?:, (?:largest|smallest) \d)*)",
        _numbers_on,
        ("numbered",),
    ),
    _Kind(
        rf"(?P<tallied>{SELECTOR_PATTERN}) by (?P<axis>row|column): (?P<counts>{_NUMBERS})",
        _by_line,
        ("tallied", "axis"),
    ),
    _Kind(
        rf"(?P<spread>{SELECTOR_PATTERN}) at (?P<places>none|{_PLACE}(?:, {_PLACE})*)",
        _objects_at,
        ("spread",),
    ),
    _Kind(rf"(?P<counted>{SELECTOR_PATTERN}): (?P<count>\d+)", _count, ("counted",)),
    _Kind(rf"(?P<looks>(?:{_COLOUR}) (?:{_SHAPE})) at (?P<at>{_PLACE})", _object_at, ("looks",)),
    _Kind(rf"from (?P<origin>{_PLACE})", _from, ("origin",)),
    _Kind(
        rf"(?P<move>above|below|left|right)(?: of)?(?: (?P<start>{_PLACE}))? is (?P<end>{_PLACE})",
        _move,
        ("move", "start"),
    ),
    _Kind(rf"(?P<cell_at>{_PLACE}) is (?P<cell>{_CELL})", _cell_is, ("cell_at",)),
    _Kind(r"option (?P<letter>[A-D]) is (?P<option>[a-z]+(?: \d)?)", _option, ("letter",)),
)
_PLOT_KINDS = (
    _Kind(r"(?P<axis_name>[xy]) labels: (?P<labels>\d(?:, \d)*)", _labels, ("axis_name",)),
    _Kind(r"\((?P<x>\d+), (?P<y>\d+)\)", _point, ("x",)),
    _Kind(r"at x = (?P<sine_x>\d) the sine is (?P<sine>-?\d)", _sine, ("sine_x",)),
    _Kind(rf"(?P<mark>{_COLOUR}) is (?P<mark_value>\d+)", _chart_value, ("mark",)),
)
_SHARED_KINDS = (
    _Kind(
        rf"(?P<extreme>largest|smallest) of (?P<of>{_NUMBERS}) is (?P<is>-?\d+)",
        _extreme_of,
        ("extreme", "of"),
    ),
    _Kind(
        rf"(?<![\w)])(?P<left>\(?-?\(?\d[\d ()+*/^-]*[+*/^-][\d ()+*/^-]*) = (?P<value>{_OPERAND})",
        _arithmetic,
        ("left",),
    ),
)
_PUZZLE_KINDS = (_Kind(r"tile (?P<tile>[1-9]) goes to (?P<goes>[1-9])", _tile, ("tile",)),)


def _kinds(task: Task) -> tuple[_Kind, ...]:
    if isinstance(task.picture, Puzzle):
        return _PUZZLE_KINDS
    assert isinstance(task.picture, Scene)
    return (_BOARD_KINDS if task.picture.style == "board" else _PLOT_KINDS) + _SHARED_KINDS


@cache
def _compiled(kinds: tuple[_Kind, ...]) -> list[tuple[_Kind, re.Pattern[str]]]:
    return [(kind, re.compile(kind.pattern)) for kind in kinds]


def _read(task: Task, text: str) -> Iterator[tuple[Claim, int, int]]:
    """Claims with their start and end, from left to right, never overlapping."""
    reading, position = _Reading(task), 0
    ahead = [(pattern.search(text), kind, pattern) for kind, pattern in _compiled(_kinds(task))]
    while True:
        # a match that still lies ahead would be found again
        ahead = [
            (match if match is None or match.start() >= position else pattern.search(text, position), kind, pattern)
            for match, kind, pattern in ahead
        ]
        found = [(match, kind) for match, kind, _ in ahead if match is not None]
        if not found:
            return
        match, kind = min(found, key=lambda pair: pair[0].start())
        names = "/".join(match[name] or "" for name in kind.subject)
        claim = Claim(match[0], f"{kind.holds.__name__}:{names}", kind.holds(reading, match))
        yield claim, match.start(), match.end()
        position = match.end()


def read_claims(task: Task, text: str) -> list[Claim]:
    """Every statement in a trace that can be executed, in order, with whether it is true and whether it is mended."""
    read = list(_read(task, text))
    claims = []
    for index, (claim, _, end) in enumerate(read):
        mended = not claim.true and any(
            later.true and later.subject == claim.subject and _DOUBT.search(text[end:start])
            for later, start, _ in read[index + 1 :]
        )
        claims.append(Claim(claim.text, claim.subject, claim.true, mended))
    return claims
