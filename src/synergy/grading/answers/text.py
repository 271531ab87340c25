"""Texts: words that are the same but for case, punctuation and articles (the normalisation of SQuAD, 1606.05250).

Leniently a number that is written the same way up to its notation is the same text, and so is a text that holds all
words of the gold one in order.
"""

import re

from synergy.grading.answers.quantity import read_quantity
from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, right, wrong
from synergy.records import AnswerKind, Problem

_COMMAND = re.compile(r"\\(?:text|textbf|textit|textrm|mbox|mathrm|mathbf)\s*\{([^{}]*)\}|\\[,;:! ]")
_PUNCTUATION = re.compile(r"[^\w\s.%°/-]|\.(?![0-9])|_")
_ARTICLES = frozenset({"a", "an", "the"})
_MAX_EXTRA_WORDS = 5


def plain_words(text: str) -> tuple[str, ...]:
    """The text's words as they are compared."""
    text = _PUNCTUATION.sub(" ", _COMMAND.sub(r"\1 ", unwrap(text)))
    words = text.casefold().split()
    return tuple(word for word in words if word not in _ARTICLES) or tuple(words)


def _read(text: str, problem: Problem) -> tuple[str, ...] | None:
    return plain_words(text) or None


def _score(gold: tuple[str, ...], predicted: tuple[str, ...], problem: Problem) -> Comparison:
    if gold == predicted:
        return right("text/match")
    return wrong("text/different", leniently_right=_same_number(gold, predicted) or _holds(predicted, gold))


def _same_number(gold: tuple[str, ...], predicted: tuple[str, ...]) -> bool:
    one, other = read_quantity(" ".join(gold)), read_quantity(" ".join(predicted))
    return one is not None and other is not None and one.value == other.value


def _holds(text: tuple[str, ...], part: tuple[str, ...]) -> bool:
    """Whether the words of `part` stand together in a text that is not much longer."""
    if len(text) > len(part) + _MAX_EXTRA_WORDS:
        return False
    return any(text[start : start + len(part)] == part for start in range(len(text) - len(part) + 1))


TEXT = AnswerRule(AnswerKind.TEXT, _read, _score)
