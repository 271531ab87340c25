"""A task: a scene with a question about it, its exact answer, and the two expert traces that reach it.

Each family (`synergy.pocket.families`) is one kind of task. A trace states only what `synergy.pocket.claims` can
read back and check, and ends in the gold answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from synergy.records import AnswerKind

LEVELS = (1, 2, 3, 4, 5)


class Picture(Protocol):
    """What a task is about: something that can be put in words, captioned, and drawn (`synergy.pocket.drawing`)."""

    def words(self) -> str:
        """The picture as prose: all that a text twin's reader needs."""
        ...

    def caption(self) -> str:
        """All cells in reading order, in the notation of the `cells` answer kind."""
        ...


@dataclass(frozen=True)
class Task(ABC):
    """One task of a family; a subclass narrows the kind of picture and adds what is asked."""

    picture: Picture  #: what the question is about

    @property
    @abstractmethod
    def key(self) -> str:
        """What is asked, apart from the picture and the wording: with the caption, the task's content."""

    @property
    @abstractmethod
    def answer(self) -> str:
        """The gold answer."""

    @property
    def choices(self) -> tuple[str, ...]:
        """Option texts, empty where the answer is no option letter."""
        return ()

    def reference_answer(self, rng: Random) -> str | None:
        """What an open-ended answer has to beat, None where the gold answer will do."""
        return None

    @abstractmethod
    def question(self, rng: Random) -> str:
        """The question in one of its wordings."""

    def twin_context(self) -> str:
        """What the text twin says before the question."""
        return self.picture.words()

    @abstractmethod
    def short_trace(self, rng: Random) -> str:
        """The few steps that a model needs."""

    @abstractmethod
    def long_trace(self, rng: Random) -> str:
        """Plan, enumeration, work, a second look, and sometimes a slip that is noticed and mended."""


@dataclass(frozen=True)
class Family:
    """A kind of task."""

    name: str
    kind: AnswerKind
    draw_task: Callable[[Random, int], Task]  #: a random task of a level 1 … 5
    asks: str  #: one line for people
    held_out: bool = False  #: never trained on, not even by the pocket model's own build


def ending(rng: Random, answer: str) -> str:
    """The sentence that closes every trace."""
    return rng.choice(("The answer is", "So the answer is")) + f" {answer}"


PLANS = ("First I look at the picture", "Let me look closely", "I read the picture row by row")
CHECKS = ("Let me check", "Let me verify in another way", "Alternatively", "Let me check again")
SLIPS = ("Wait, that is not right. It should be", "Wait, let me check. No:", "Hmm, a mistake. Correct is")
GOOD = ("This agrees", "Both ways agree", "That fits")


def slip(rng: Random, wrong: str, right: str) -> str:
    """A false statement, noticed and mended at once."""
    return f"{wrong}. {rng.choice(SLIPS)} {right}"


def sometimes_slip(rng: Random, wrong: str, right: str, probability: float = 0.35) -> str:
    """The right statement, in some traces after a slip."""
    return slip(rng, wrong, right) if rng.random() < probability else right


def one_off(rng: Random, value: int, low: int = 0) -> int:
    """A wrong value next to the right one, not below `low`."""
    return value + 1 if value <= low else value + rng.choice((-1, 1))


def running_sum(numbers: Sequence[int]) -> str:
    """ "3 + 5 = 8, 8 + 1 = 9"; a single number needs no step and gives an empty string."""
    steps, total = [], numbers[0]
    for number in numbers[1:]:
        steps.append(f"{total} + {number} = {total + number}")
        total += number
    return ", ".join(steps)


def sentences(*parts: str) -> str:
    """The non-empty parts, each ended by a full stop unless it has one, the last left open."""
    kept = [part.rstrip(".") for part in parts if part]
    return ". ".join(kept)
