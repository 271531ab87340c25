"""`sum`: arithmetic over the numbers on the objects of a colour, row or shape."""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from synergy.pocket.boards import board, random_board
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

Operation = Literal["total", "largest", "range", "minus", "plus_largest"]


def _total(numbers: list[int]) -> str:
    """The steps of an addition; a single number stands for itself as "0 + n = n"."""
    return running_sum(numbers) if len(numbers) > 1 else f"0 + {numbers[0]} = {numbers[0]}"


@dataclass(frozen=True)
class SumTask(Task):
    """An operation over the numbers of one selection, or of two."""

    picture: Scene
    operation: Operation
    first: Selector
    second: Selector | None = None

    @property
    def key(self) -> str:
        return f"{self.operation}|{self.first.words()}|{self.second and self.second.words()}"

    def _numbers(self, selector: Selector | None) -> list[int]:
        if selector is None:
            return []
        digits = (self.picture.at(*place).digit for place in selector.places(self.picture))
        return [digit for digit in digits if digit is not None]

    @property
    def answer(self) -> str:
        a, b = self._numbers(self.first), self._numbers(self.second)
        if self.operation == "total":
            return str(sum(a))
        if self.operation == "largest":
            return str(max(a))
        if self.operation == "range":
            return str(max(a) - min(a))
        return str(sum(a) - sum(b) if self.operation == "minus" else sum(a) + max(b))

    def question(self, rng: Random) -> str:
        a, b = self.first.words(), self.second.words() if self.second else ""
        wordings: dict[Operation, tuple[str, ...]] = {
            "total": (f"What is the sum of the numbers on the {a}?", f"Add up the numbers on the {a}."),
            "largest": (f"What is the largest number on the {a}?", f"Find the largest number on the {a}."),
            "range": (
                f"What is the difference between the largest and the smallest number on the {a}?",
                f"How much larger is the largest number on the {a} than the smallest?",
            ),
            "minus": (
                f"Add the numbers on the {a} and subtract the numbers on the {b}.",
                f"What is the sum of the numbers on the {a} minus the sum of those on the {b}?",
            ),
            "plus_largest": (
                f"Add the numbers on the {a}, then add the largest number on the {b}.",
                f"What is the sum of the numbers on the {a} plus the largest number on the {b}?",
            ),
        }
        return rng.choice(wordings[self.operation])

    def _read(self, selector: Selector, numbers: list[int] | None = None) -> str:
        """The numbers of a selection with the extremes that the operation needs; `numbers` may be a misreading."""
        numbers = self._numbers(selector) if numbers is None else numbers
        parts = [f"numbers on {selector.words()}: {', '.join(map(str, numbers))}"]
        if self.operation in ("largest", "range") or (selector is self.second and self.operation == "plus_largest"):
            parts.append(f"largest {max(numbers)}")
        if self.operation == "range":
            parts.append(f"smallest {min(numbers)}")
        return ", ".join(parts)

    def _work(self, backwards: bool = False) -> str:
        """The arithmetic; `backwards` takes the numbers in reverse order."""
        step = -1 if backwards else 1
        a, b = self._numbers(self.first)[::step], self._numbers(self.second)[::step]
        if self.operation == "total":
            return _total(a)
        if self.operation == "largest":
            return ""
        if self.operation == "range":
            return f"{max(a)} - {min(a)} = {max(a) - min(a)}"
        if self.operation == "minus":
            return f"{_total(a)}. {_total(b)}. {sum(a)} - {sum(b)} = {self.answer}"
        return f"{_total(a)}. {sum(a)} + {max(b)} = {self.answer}"

    def short_trace(self, rng: Random) -> str:
        second = self._read(self.second) if self.second else ""
        return sentences(self._read(self.first), second, self._work(), ending(rng, self.answer))

    def long_trace(self, rng: Random) -> str:
        rows = [f"row {row}: {self.picture.row_words(row)}" for row in range(1, self.picture.size + 1)]
        wanted = f"{self.first.words()} and the {self.second.words()}" if self.second else self.first.words()
        numbers = self._numbers(self.first)
        misread = self._read(self.first, [one_off(rng, numbers[0], low=1), *numbers[1:]])
        again = f"from the end: {self._work(backwards=True)}" if self._work() else self._read(self.first)
        return sentences(
            f"{rng.choice(PLANS)} and then work with the {wanted}",
            "; ".join(rows),
            sometimes_slip(rng, misread, self._read(self.first)),
            self._read(self.second) if self.second else "",
            self._work(),
            f"{rng.choice(CHECKS)}: {again}",
            rng.choice(GOOD),
            ending(rng, self.answer),
        )


@dataclass(frozen=True)
class _Plan:
    """An operation and how many numbers its selections have."""

    operation: Operation
    first: tuple[int, int]  #: fewest and most
    second: tuple[int, int] = (0, 0)


_PLANS = {
    1: (_Plan("total", (2, 2)), _Plan("largest", (2, 3))),
    2: (_Plan("total", (3, 3)), _Plan("range", (3, 3))),
    3: (_Plan("total", (3, 4)), _Plan("total", (3, 4)), _Plan("range", (3, 4))),
    4: (_Plan("minus", (2, 2), (2, 2)), _Plan("plus_largest", (2, 3), (2, 3))),
    5: (_Plan("minus", (3, 3), (2, 2)), _Plan("plus_largest", (3, 3), (3, 4)), _Plan("total", (5, 5))),
}


def _evened(rng: Random, scene: Scene, selector: Selector) -> Scene:
    """The scene with the selection's numbers drawn anew below an even ceiling, which becomes their largest.

    Else the largest of a few digits would mostly be 8 or 9, and could be guessed.
    """
    places = selector.places(scene)
    ceiling = rng.randint(2, 9)
    digits = [rng.randint(0, ceiling) for _ in places]
    digits[rng.randrange(len(places))] = ceiling
    cells = {place: replace(scene.at(*place), digit=digit) for place, digit in zip(places, digits, strict=True)}
    return board([cells.get(place, scene.at(*place)) for place in scene.positions()], scene.size)


def draw_sum(rng: Random, level: int) -> SumTask:
    """A random task of that level."""
    size = 3 if level <= 2 else 4
    plan = rng.choice(_PLANS[level])
    selectors = [Selector(colour=colour) for colour in COLOURS] + [Selector(shape=shape) for shape in SHAPES]
    selectors += [Selector(row=row) for row in range(1, size + 1)]
    while True:
        scene = random_board(rng, size, digits=True)
        counts = {selector: len(selector.places(scene)) for selector in selectors}
        firsts = [one for one, num in counts.items() if plan.first[0] <= num <= plan.first[1]]
        seconds = [one for one, num in counts.items() if plan.second[0] <= num <= plan.second[1]]
        if not firsts or (plan.second[1] and not seconds):
            continue
        first, second = rng.choice(firsts), rng.choice(seconds) if plan.second[1] else None
        if first == second:
            continue
        if plan.operation in ("largest", "range"):
            scene = _evened(rng, scene, first)
        return SumTask(scene, plan.operation, first, second)


SUM = Family("sum", AnswerKind.NUMBER, draw_sum, "adds, subtracts or compares the numbers on chosen objects")
