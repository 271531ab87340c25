"""Permutations: numbers in order; the score is the share of right positions (the jigsaw hit reward).

Numbers stand apart ("3 1 2", "[3, 1, 2]", rows divided by ";") or, where the gold answer has n of them, as n
digits run together ("312"). The share is over the longer of the two, so that padding never helps. Repeats are
not punished on their own: one number n times is right in one position, which is what a blind guess earns on
average.
"""

import re

from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, partial
from synergy.records import AnswerKind, Problem

_ENTRY = re.compile(r"[0-9]{1,6}")
_DIGITS_TOGETHER = re.compile(r"[0-9]{2,}")


def _read(text: str, problem: Problem) -> tuple[int, ...] | None:
    entries = _entries(text)
    if len(entries) == 1 and _DIGITS_TOGETHER.fullmatch(entries[0]):
        gold = _entries(problem.answer)
        expected = len(gold) if len(gold) > 1 else len(gold[0])
        entries = list(entries[0]) if len(entries[0]) == expected else []
    if not entries or not all(_ENTRY.fullmatch(entry) for entry in entries):
        return None
    return tuple(map(int, entries))


def _entries(text: str) -> list[str]:
    text = unwrap(text)
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1]
    return text.replace(",", " ").replace(";", " ").split()


def _score(gold: tuple[int, ...], predicted: tuple[int, ...], problem: Problem) -> Comparison:
    hits = sum(a == b for a, b in zip(gold, predicted, strict=False))
    share = hits / max(len(gold), len(predicted))
    return partial(share, "permutation/hits", correct=gold == predicted)


PERMUTATION = AnswerRule(AnswerKind.PERMUTATION, _read, _score)
