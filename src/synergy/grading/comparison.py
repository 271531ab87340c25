"""What comparing two answers of one kind yields, and the frame that every answer kind fills in.

A kind says how to *read* a text (None where it is not of the kind) and how to *score* two readings. The frame
decides the rest alike for all kinds. Knows nothing about responses, presets or processes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from synergy.grading.pool import Outcome
from synergy.records import AnswerKind, Problem

#: An answer longer than this is unreadable, whatever its kind: it bounds the time of every rule.
MAX_ANSWER_CHARACTERS = 10_000


@dataclass(frozen=True)
class Comparison:
    """How an answer compares with the gold one; `score` is None where the gold answer cannot be read."""

    score: float | None  #: in [0, 1]
    correct: bool
    rule: str  #: the rule that decided, "<kind>/<reason>"
    correct_leniently: bool = False  #: where the field is divided, by its more generous half; True where correct


@dataclass(frozen=True)
class Undecided:
    """A comparison that needs the worker pool: call `function` there, then `settle` its outcome."""

    function: str  #: a name in `synergy.grading.worker.FUNCTIONS`
    arguments: tuple[str, ...]
    settle: Callable[[Outcome], Comparison]


Value = TypeVar("Value")


@dataclass(frozen=True)
class AnswerRule(Generic[Value]):
    """How answers of one kind are read and scored."""

    kind: AnswerKind
    read: Callable[[str, Problem], Value | None]  #: None where the text is not an answer of this kind
    score: Callable[[Value, Value, Problem], Comparison | Undecided]  #: gold first

    def compare(self, problem: Problem, predicted: str | None, *, no_answer: str) -> Comparison | Undecided:
        """Compare a predicted answer, or none at all (wrong by the rule `no_answer`), with the problem's.

        The gold answer is read first, so that a problem nobody can grade is unscored for every response
        alike.
        """
        gold = self._read(problem.answer, problem)
        if gold is None:
            return unscored(f"{self.kind}/bad-gold")
        if predicted is None:
            return wrong(no_answer)
        value = self._read(predicted, problem)
        return wrong(f"{self.kind}/unreadable") if value is None else self.score(gold, value, problem)

    def _read(self, text: str, problem: Problem) -> Value | None:
        return self.read(text, problem) if len(text) <= MAX_ANSWER_CHARACTERS else None


def right(rule: str) -> Comparison:
    """A correct answer's comparison."""
    return Comparison(score=1.0, correct=True, rule=rule, correct_leniently=True)


def wrong(rule: str, *, leniently_right: bool = False) -> Comparison:
    """A wrong answer's comparison, without partial credit."""
    return Comparison(score=0.0, correct=False, rule=rule, correct_leniently=leniently_right)


def partial(score: float, rule: str, *, correct: bool) -> Comparison:
    """The comparison of an answer that may be right in part."""
    return Comparison(score=score, correct=correct, rule=rule, correct_leniently=correct)


def unscored(rule: str) -> Comparison:
    """The comparison with a gold answer that cannot be read."""
    return Comparison(score=None, correct=False, rule=rule)
