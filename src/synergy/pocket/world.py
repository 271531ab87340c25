"""The pocket world: items of every family, level and split, each made from its address alone.

A task belongs to the split that its content hashes to, so train, validation and evaluation are disjoint by content
whatever the seeds and however many are drawn. Knows nothing about models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count, islice
from random import Random
from typing import Any

from PIL.Image import Image

from synergy.errors import InputError, unknown_name
from synergy.pocket.drawing import draw
from synergy.pocket.families import TRAINING_FAMILIES, get_family
from synergy.pocket.tasks import LEVELS, Family, Task, ending
from synergy.records import Demonstration, Problem

SOURCE = "pocket"
SPLITS = ("train", "validation", "evaluation")
_BUCKETS = ("train",) * 11 + ("validation",) * 2 + ("evaluation",) * 3  #: a content's hash picks one of sixteen


def content(family: str, task: Task) -> str:
    """What makes two tasks the same: picture and question as symbols, whatever the pixels and the wording."""
    return f"{family}|{task.picture.caption()}|{task.key}"


def split_of(content_text: str) -> str:
    """The split that owns this content."""
    return _BUCKETS[blake2b(content_text.encode(), digest_size=1).digest()[0] % len(_BUCKETS)]


@dataclass(frozen=True)
class Item:
    """One task with its wordings fixed; the same address gives the same item on any machine."""

    id: str
    family: Family
    level: int
    task: Task

    def _rng(self, purpose: str) -> Random:
        return Random(f"{self.id}/{purpose}")

    def problem(self) -> Problem:
        """The question with its picture."""
        return self._problem(self.id, self.question(), images=(draw(self.task.picture, self._rng("pixels")),))

    def text_problem(self) -> Problem:
        """The question without its picture: what a blind guesser gets."""
        return self._problem(self.id, self.question(), images=())

    def text_twin(self) -> Problem:
        """The same scene in words, without a picture."""
        return self._problem(f"{self.id}-text", f"{self.task.twin_context()} {self.question()}", images=())

    def question(self) -> str:
        """The question in the wording that belongs to this item."""
        return self.task.question(self._rng("wording"))

    def caption(self) -> str:
        """All cells of the picture in reading order."""
        return self.task.picture.caption()

    def direct(self) -> Demonstration:
        """The answer alone, without any work."""
        return self._demonstration("direct", ending(self._rng("direct"), self.task.answer))

    def short(self) -> Demonstration:
        """The expert's brief trace."""
        return self._demonstration("short", self.task.short_trace(self._rng("short")))

    def long(self) -> Demonstration:
        """The expert's long chain of thought."""
        return self._demonstration("long", self.task.long_trace(self._rng("long")))

    def _demonstration(self, style: str, trace: str) -> Demonstration:
        return Demonstration(problem_id=self.id, trace=trace, answer=self.task.answer, author=f"{SOURCE}/{style}")

    def _problem(self, id: str, question: str, images: tuple[Image, ...]) -> Problem:
        return Problem(
            id=id,
            question=question,
            answer=self.task.answer,
            answer_kind=self.family.kind,
            images=images,
            choices=self.task.choices,
            source=SOURCE,
            family=self.family.name,
            level=self.level,
            reference=self.task.reference_answer(self._rng("reference")),
        )


def make_item(split: str, family: str, level: int, index: int, seed: int = 0) -> Item:
    """The item at an address; raises InputError where split, family or level is unknown."""
    check_address(split, [family], [level])
    kind, id = get_family(family), f"{split}-{family}-{level}-{index}-s{seed}"
    rng = Random(id)
    while True:
        task = kind.draw_task(rng, level)
        if split_of(content(family, task)) == split:
            return Item(id, kind, level, task)


def check_address(split: str, families: Sequence[str], levels: Sequence[int]) -> None:
    """Raise InputError unless the split, every family and every level exist."""
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    for family in families:
        get_family(family)
    for level in levels:
        if level not in LEVELS:
            raise InputError(f"unknown level {level}; expected a level from {LEVELS[0]} (easiest) to {LEVELS[-1]}")


def stream(
    split: str,
    *,
    families: Sequence[str] = TRAINING_FAMILIES,
    levels: Sequence[int] = LEVELS,
    seed: int = 0,
    start: int = 0,
) -> Iterator[Item]:
    """Items without end, turning through families and levels, so that any prefix is balanced."""
    check_address(split, families, levels)
    addresses = [(family, level) for level in levels for family in families]
    for position in count(start):
        index, turn = divmod(position, len(addresses))
        family, level = addresses[turn]
        yield make_item(split, family, level, index, seed)


def items(split: str, num: int, **options: Any) -> list[Item]:
    """The first `num` items of `stream` with the same options."""
    return list(islice(stream(split, **options), num))
