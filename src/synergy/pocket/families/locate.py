"""`locate`: the box of the object that a chain of relations names."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from synergy.pocket.boards import random_board
from synergy.pocket.scenes import Scene, Selector, place_name
from synergy.pocket.tasks import CHECKS, GOOD, PLANS, Family, Task, ending, sentences, sometimes_slip
from synergy.records import AnswerKind

MOVES = {"above": (-1, 0), "below": (1, 0), "left": (0, -1), "right": (0, 1)}
OPPOSITE = {"above": "below", "below": "above", "left": "right", "right": "left"}
_FROM = {"above": "above", "below": "below", "left": "left of", "right": "right of"}

Place = tuple[int, int]


def box_text(box: tuple[float, float, float, float]) -> str:
    """Four relative coordinates with two decimals, as the `box` answer kind writes them."""
    return f"[{', '.join(f'{edge:.2f}' for edge in box)}]"


@dataclass(frozen=True)
class LocateTask(Task):
    """Start at the one object that looks like the anchor, make the moves, give the box of where they end."""

    picture: Scene
    anchor: Place
    moves: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{place_name(*self.anchor)}|{'/'.join(self.moves)}"

    @property
    def path(self) -> list[Place]:
        """The places visited, from the anchor to the target."""
        places = [self.anchor]
        for move in self.moves:
            (row, column), (down, right) = places[-1], MOVES[move]
            places.append((row + down, column + right))
        return places

    @property
    def answer(self) -> str:
        return box_text(self.picture.box(*self.path[-1]))

    def question(self, rng: Random) -> str:
        phrase = f"the {self.picture.at(*self.anchor).words()}"
        for move in self.moves:
            phrase = f"the object directly {_FROM[move]} {phrase}"
        wording = rng.choice(("Where is {}?", "Find {}.", "Locate {}."))
        return f"{wording.format(phrase)} Give its box as [left, top, right, bottom] from 0 to 1."

    def twin_context(self) -> str:
        """Without a picture the exact box cannot be seen; the usual place and size of objects stand in for it."""
        side = 1 / self.picture.size
        return (
            f"{self.picture.words()} The whole grid is 1 wide and 1 high, so a cell measures {side:.2f}; "
            f"an object is {0.75 * side:.2f} wide and high and stands in the middle of its cell."
        )

    def _start(self) -> str:
        return f"{self.picture.at(*self.anchor).words()} at {place_name(*self.anchor)}"

    def _steps(self, moves: tuple[str, ...], path: list[Place]) -> list[str]:
        return [f"{move} is {place_name(*place)}" for move, place in zip(moves, path[1:], strict=True)]

    def short_trace(self, rng: Random) -> str:
        chain = ", ".join([self._start(), *self._steps(self.moves, self.path)])
        return sentences(chain, ending(rng, self.answer))

    def long_trace(self, rng: Random) -> str:
        scene, path = self.picture, self.path
        rows = [f"row {row}: {scene.row_words(row)}" for row in range(1, scene.size + 1)]
        row, column = self.anchor
        looks = scene.at(*self.anchor).words()
        wrong_place = place_name(row, column + 1 if column < scene.size else column - 1)
        steps = [
            f"{_FROM[move]} {place_name(*start)} is {place_name(*end)}, "
            f"and {place_name(*end)} is {scene.at(*end).words()}"
            for move, (start, end) in zip(self.moves, pairwise(path), strict=True)
        ]
        back = tuple(OPPOSITE[move] for move in reversed(self.moves))
        returned = ", ".join(
            [f"from {place_name(*path[-1])} back", *self._steps(back, path[::-1])]
            if back
            else [f"{place_name(*path[-1])} is {looks}"]
        )
        return sentences(
            f"{rng.choice(PLANS)} and start from the {looks}",
            "; ".join(rows),
            sometimes_slip(rng, f"{looks} at {wrong_place}", self._start()),
            *steps,
            f"{rng.choice(CHECKS)}: {returned}",
            rng.choice(GOOD),
            ending(rng, self.answer),
        )


_NUM_MOVES = {1: 0, 2: 1, 3: 1, 4: 2, 5: 3}


def draw_locate(rng: Random, level: int) -> LocateTask:
    """A random task of that level; the anchor's look is unique and the path meets only objects, none twice."""
    size = 3 if level <= 2 else 4
    while True:
        scene = random_board(rng, size, num_empty=rng.randint(0, size - 2))
        anchor = (rng.randint(1, size), rng.randint(1, size))
        cell = scene.at(*anchor)
        moves = tuple(rng.choice(tuple(MOVES)) for _ in range(_NUM_MOVES[level]))
        task = LocateTask(scene, anchor, moves)
        path = task.path
        inside = all(1 <= row <= size and 1 <= column <= size for row, column in path)
        if not inside or len(set(path)) < len(path) or any(scene.at(*place).shape is None for place in path):
            continue
        if len(Selector(cell.colour, cell.shape).places(scene)) == 1:
            return task


LOCATE = Family("locate", AnswerKind.BOX, draw_locate, "gives the box of the object that a chain of relations names")
