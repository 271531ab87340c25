"""`jigsaw` (held out of all training): the order of nine shuffled tiles (the novel task of 2506.23508)."""

from dataclasses import dataclass
from random import Random

from synergy.pocket.puzzles import Puzzle
from synergy.pocket.tasks import CHECKS, GOOD, PLANS, Family, Task, ending, sentences, sometimes_slip
from synergy.records import AnswerKind

_NUM_NUMBERED = {1: 9, 2: 7, 3: 5, 4: 3, 5: 0}
_HUES = ((225, 225, 205), (205, 225, 235), (230, 210, 215), (210, 230, 205))
_RINGS = ((200, 60, 60), (60, 110, 200), (60, 150, 80), (150, 70, 180))


@dataclass(frozen=True)
class JigsawTask(Task):
    """Name the place of every tile, in reading order."""

    picture: Puzzle

    @property
    def key(self) -> str:
        return "order"

    @property
    def answer(self) -> str:
        return self.picture.order_text()

    def question(self, rng: Random) -> str:
        return rng.choice(
            (
                "What is in each cell, from left to right and top to bottom? The tiles of the picture are shuffled: "
                "give the place from 1 to 9 where each belongs.",
                "Read the picture cell by cell. Its nine tiles are shuffled: name the place of each, from 1 to 9.",
            )
        )

    def _goes(self, tile: int, place: int | None = None) -> str:
        return f"tile {tile} goes to {place or self.picture.order[tile - 1]}"

    def short_trace(self, rng: Random) -> str:
        return sentences("3 rows of tiles", ending(rng, self.answer))

    def long_trace(self, rng: Random) -> str:
        slipped = rng.randint(1, 9)
        steps = []
        for tile, place in enumerate(self.picture.order, start=1):
            step = self._goes(tile)
            if tile == slipped:
                step = sometimes_slip(rng, self._goes(tile, place % 9 + 1), step)
            steps.append(step)
        return sentences(
            f"{rng.choice(PLANS)} and follow the ring and the shade of each tile",
            "; ".join(steps),
            f"{rng.choice(CHECKS)}: each place from 1 to 9 is used once",
            rng.choice(GOOD),
            ending(rng, self.answer),
        )


def draw_jigsaw(rng: Random, level: int) -> JigsawTask:
    """A random task of that level; every order is equally likely."""
    order = tuple(rng.sample(range(1, 10), 9))
    numbered = frozenset(rng.sample(range(1, 10), _NUM_NUMBERED[level]))
    return JigsawTask(Puzzle(order, numbered, rng.choice(_HUES), rng.choice(_RINGS), rng.randint(32, 36)))


JIGSAW = Family("jigsaw", AnswerKind.PERMUTATION, draw_jigsaw, "orders the shuffled tiles of a picture", held_out=True)
