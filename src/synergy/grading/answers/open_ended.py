"""Open-ended answers: only the reference's own words are right by rule; what else is good a `Scorer` has to say."""

from synergy.grading.answers.text import plain_words
from synergy.grading.comparison import AnswerRule, Comparison, right, unscored
from synergy.records import AnswerKind, Problem


def _read(text: str, problem: Problem) -> tuple[str, ...] | None:
    return plain_words(text) or None


def _score(gold: tuple[str, ...], predicted: tuple[str, ...], problem: Problem) -> Comparison:
    return right("open/match") if gold == predicted else unscored("open/needs-scorer")


OPEN = AnswerRule(AnswerKind.OPEN, _read, _score)
