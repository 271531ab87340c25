"""`compare`: which colour, shape, row or column has most, least or an equal number; four shuffled options."""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from synergy.pocket.boards import random_board
from synergy.pocket.scenes import COLOURS, SHAPES, Scene, Selector, place_name
from synergy.pocket.tasks import CHECKS, GOOD, PLANS, Family, Task, ending, one_off, sentences, sometimes_slip
from synergy.records import AnswerKind

Relation = Literal["most", "fewest", "equal"]
LETTERS = "ABCD"


def _name(selector: Selector) -> str:
    """What an option is called: the part of the selector in which the options differ."""
    if selector.row or selector.column:
        return f"row {selector.row}" if selector.row else f"column {selector.column}"
    return selector.colour or f"{selector.shape}s"


@dataclass(frozen=True)
class CompareTask(Task):
    """Which of the options' counts is the most, the fewest, or equal to the count of `reference`."""

    picture: Scene
    relation: Relation
    options: tuple[Selector, ...]  #: in the order of the letters
    reference: Selector | None = None

    @property
    def key(self) -> str:
        options = "/".join(sorted(option.words() for option in self.options))
        return f"{self.relation}|{options}|{self.reference and self.reference.words()}"

    def _count(self, selector: Selector) -> int:
        return len(selector.places(self.picture))

    def _counts(self) -> list[int]:
        return [self._count(option) for option in self.options]

    @property
    def target(self) -> int:
        """The count that the right option has."""
        if self.reference:
            return self._count(self.reference)
        return max(self._counts()) if self.relation == "most" else min(self._counts())

    @property
    def is_unique(self) -> bool:
        """Whether exactly one option is right."""
        return self._counts().count(self.target) == 1

    @property
    def answer(self) -> str:
        return LETTERS[self._counts().index(self.target)]

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(_name(option) for option in self.options)

    @property
    def _what(self) -> str:
        first = self.options[0]
        if first.row or first.column:
            return "row" if first.row else "column"
        return "colour" if first.colour else "shape"

    @property
    def _looks(self) -> Selector | None:
        """What is counted in each row or column, None where the options are colours or shapes."""
        first = self.options[0]
        return Selector(first.colour, first.shape) if first.row or first.column else None

    def question(self, rng: Random) -> str:
        options = " ".join(f"({letter}) {text}" for letter, text in zip(LETTERS, self.choices, strict=True))
        counted = self._looks.words() if self._looks else ""
        if self.reference:
            wording = f"Which {self._what} has as many {counted or 'objects'} as there are {self.reference.words()}?"
        elif counted:
            wording = f"Which {self._what} has the {self.relation} {counted}?"
        elif self._what == "colour":
            wording = rng.choice(
                (
                    f"Which colour is on the {self.relation} objects?",
                    f"Which colour has the {self.relation} objects?",
                )
            )
        else:
            wording = rng.choice(
                (
                    f"Which shape occurs the {self.relation} times?",
                    f"Which shape has the {self.relation} objects?",
                )
            )
        return f"{wording} {options}"

    def _counted(self, selector: Selector, count: int | None = None) -> str:
        return f"{selector.words()}: {self._count(selector) if count is None else count}"

    def _decision(self) -> str:
        word = {"most": "largest", "fewest": "smallest"}.get(self.relation)
        extreme = f"{word} of {', '.join(map(str, self._counts()))} is {self.target}. " if word else ""
        return f"{extreme}option {self.answer} is {self.choices[LETTERS.index(self.answer)]}"

    def _tally(self) -> str:
        if self._looks:
            counts = {option.row or option.column or 0: self._count(option) for option in self.options}
            listed = ", ".join(str(counts[line]) for line in sorted(counts))
            return f"{self._looks.words()} by {self._what}: {listed}"
        return ", ".join(self._counted(option) for option in self.options)

    def short_trace(self, rng: Random) -> str:
        reference = self._counted(self.reference) if self.reference else ""
        return sentences(reference, self._tally(), self._decision(), ending(rng, self.answer))

    def long_trace(self, rng: Random) -> str:
        size = self.picture.size
        rows = [f"row {row}: {self.picture.row_words(row)}" for row in range(1, size + 1)]
        slipped = rng.choice(self.options)
        work = [self._counted(self.reference)] if self.reference else []
        for option in self.options:
            right = self._counted(option)
            wrong = self._counted(option, one_off(rng, self._count(option)))
            work.append(sometimes_slip(rng, wrong, right) if option is slipped else right)
        chosen = self.options[LETTERS.index(self.answer)]
        places = ", ".join(place_name(*place) for place in chosen.places(self.picture)) or "none"
        return sentences(
            f"{rng.choice(PLANS)} and count for each option",
            "; ".join(rows),
            *work,
            self._decision(),
            f"{rng.choice(CHECKS)}: {chosen.words()} at {places}. {self._counted(chosen)}",
            rng.choice(GOOD),
            ending(rng, self.answer),
        )


def _options(rng: Random, level: int, size: int) -> tuple[list[Selector], Selector | None]:
    colour, shape = rng.choice(COLOURS), rng.choice(SHAPES)
    colours = [Selector(colour=one) for one in rng.sample(COLOURS, 4)]
    shapes = [Selector(shape=one) for one in rng.sample(SHAPES, 4)]
    looks = rng.choice((Selector(colour=colour), Selector(shape=shape)))
    lines, axis = rng.sample(range(1, size + 1), size), rng.choice(("row", "column"))
    rows = [_in_line(looks, axis, line) for line in lines]
    if level <= 2:
        return (colours if level == 1 else rng.choice((colours, shapes))), None
    if level == 3:
        return rows, None
    if level == 4:
        return colours, Selector(shape=shape)
    other = "column" if axis == "row" else "row"
    return rows, _in_line(looks, other, rng.randint(1, size))


def _in_line(looks: Selector, axis: str, line: int) -> Selector:
    return replace(looks, row=line) if axis == "row" else replace(looks, column=line)


def draw_compare(rng: Random, level: int) -> CompareTask:
    """A random task of that level with exactly one right option."""
    size = 3 if level <= 2 else 4
    while True:
        options, reference = _options(rng, level, size)
        relation: Relation = "equal" if reference else "most" if level == 1 else rng.choice(("most", "fewest"))
        scene = random_board(rng, size, num_empty=rng.randint(0, size - 1))
        task = CompareTask(scene, relation, tuple(options), reference)
        if task.is_unique and (task.target > 0 or level > 2):
            return task


COMPARE = Family("compare", AnswerKind.OPTION, draw_compare, "finds the option with most, least or as many objects")
