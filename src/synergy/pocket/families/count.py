"""`count`: how many objects meet one to three conditions, also after adding or removing some (as in CLEVR-Math)."""

from dataclasses import dataclass
from random import Random

from synergy.pocket.boards import planted_board
from synergy.pocket.scenes import COLOURS, SHAPES, Scene, Selector
from synergy.pocket.tasks import (
    CHECKS,
    GOOD,
    PLANS,
    Family,
    Task,
    ending,
    one_off,
    running_sum,
    sentences,
    sometimes_slip,
)
from synergy.records import AnswerKind


@dataclass(frozen=True)
class CountTask(Task):
    """Count `selector`; where `removed` is set, take those away and put `num_added` of `added` in first."""

    picture: Scene
    selector: Selector
    removed: Selector | None = None
    added: Selector | None = None
    num_added: int = 0

    @property
    def key(self) -> str:
        return f"{self.selector.words()}|{self.removed and self.removed.words()}|{self._added_words()}"

    @property
    def answer(self) -> str:
        gained = self.num_added if self._gains else 0
        return str(self._count(self.selector) - (self._count(self.removed) if self.removed else 0) + gained)

    @property
    def _gains(self) -> bool:
        return self.added is not None and self.selector.colour in (None, self.added.colour)

    def _count(self, selector: Selector) -> int:
        return len(selector.places(self.picture))

    def _added_words(self) -> str:
        return f"{self.num_added} {self.added.words()}" if self.added else ""

    def question(self, rng: Random) -> str:
        wanted = self.selector.words()
        if self.removed:
            change = rng.choice(("All {0} are taken away and {1} are put in.", "Remove all {0} and add {1}."))
            asked = rng.choice((f"How many {wanted} are there then?", f"Count the {wanted} now."))
            return f"{change.format(self.removed.words(), self._added_words())} {asked}"
        wording = rng.choice(("How many {} are there?", "Count the {}.", "What is the number of {} in the picture?"))
        return wording.format(wanted)

    def _by(self, axis: str) -> list[int]:
        places = self.selector.places(self.picture)
        index = 0 if axis == "row" else 1
        return [sum(place[index] == k for place in places) for k in range(1, self.picture.size + 1)]

    def _tally(self, axis: str) -> str:
        counts = self._by(axis)
        return f"{self.selector.words()} by {axis}: {', '.join(map(str, counts))}. {running_sum(counts)}"

    def _look(self) -> str:
        """The first count, by the way that is natural for the selector."""
        words = self.selector.words()
        if self.selector.row:
            row = self.selector.row
            return f"row {row}: {self.picture.row_words(row)}. {words}: {self._count(self.selector)}"
        return self._tally("row")

    def _change(self) -> str:
        if not self.removed:
            return ""
        count, lost = self._count(self.selector), self._count(self.removed)
        kept = f"{self.removed.words()}: {lost}. {count} - {lost} = {count - lost}"
        return f"{kept}. {count - lost} + {self.num_added} = {self.answer}" if self._gains else kept

    def short_trace(self, rng: Random) -> str:
        return sentences(self._look(), self._change(), ending(rng, self.answer))

    def long_trace(self, rng: Random) -> str:
        size, words = self.picture.size, self.selector.words()
        rows = [f"row {row}: {self.picture.row_words(row)}" for row in range(1, size + 1)]
        count = self._count(self.selector)
        first = sometimes_slip(rng, f"{words}: {one_off(rng, count)}", f"{words}: {count}")
        second = f"{rng.choice(CHECKS)}: {self._tally('column')}"
        plan = f"{rng.choice(PLANS)} and count the {words}"
        return sentences(
            plan, "; ".join(rows), first, second, rng.choice(GOOD), self._change(), ending(rng, self.answer)
        )


def _selector(rng: Random, level: int, size: int) -> Selector:
    colour, shape = rng.choice(COLOURS), rng.choice(SHAPES)
    single = rng.choice((Selector(colour=colour), Selector(shape=shape)))
    both = Selector(colour, shape)
    row = rng.randint(1, size)
    if level == 1:
        return single
    if level == 2:
        return rng.choice((both, Selector(single.colour, single.shape, negated=True)))
    if level == 3:
        lined = rng.choice((Selector(single.colour, single.shape, row=row), both))
        return lined
    if level == 4:
        return rng.choice(
            (
                Selector(colour, shape, negated=True),
                Selector(single.colour, single.shape, negated=True),
                Selector(single.colour, single.shape, column=row, negated=True),
            )
        )
    return Selector(colour=colour)


def draw_count(rng: Random, level: int) -> CountTask:
    """A random task of that level; each possible count is equally likely."""
    size = 3 if level <= 2 else 4
    selector = _selector(rng, level, size)
    lined = selector.row or selector.column
    most = size if lined else 8 if size == 3 else 9
    if level < 5:
        scene = planted_board(rng, size, selector, rng.randint(0, most), rng.randint(0, size))
        return CountTask(scene, selector)
    num_added = rng.randint(1, 3)
    scene = planted_board(rng, size, selector, rng.randint(2, 9 - num_added), rng.randint(1, 4))
    removed = Selector(selector.colour, rng.choice(SHAPES))
    other = rng.choice([colour for colour in COLOURS if colour != selector.colour])
    added = Selector(rng.choice((selector.colour, other)), rng.choice(SHAPES))
    return CountTask(scene, selector, removed, added, num_added)


COUNT = Family("count", AnswerKind.DIGIT, draw_count, "counts objects under conditions, also after a change")
