"""Expressions: any equivalent formula is right. The cheap exact checks run here, the rest in the worker pool.

An answer that hangs or breaks the checker is wrong: "expression/timeout", "expression/crash". An answer may
name the left-hand side ("y = 2x+1") but a gold formula without "=" is not matched by a chain or a list of
formulas.
"""

from synergy.grading.answers.normalise import normalise
from synergy.grading.answers.number import parse_number
from synergy.grading.comparison import AnswerRule, Comparison, Undecided, right, unscored, wrong
from synergy.grading.pool import Outcome, OutcomeStatus
from synergy.records import AnswerKind, Problem


def _read(text: str, problem: Problem) -> str | None:
    return normalise(text)


def _score(gold: str, predicted: str) -> Comparison | Undecided:
    if gold == predicted:
        return right("expression/text")
    one, other = parse_number(gold), parse_number(predicted)
    if one is not None and other is not None:
        return right("expression/number") if one == other else wrong("expression/different")
    if ("=" in gold) != ("=" in predicted):
        return wrong("expression/different")
    return Undecided("expressions_equal", (gold, predicted), _settle)


def _settle(outcome: Outcome) -> Comparison:
    if outcome.status is OutcomeStatus.TIMEOUT:
        return wrong("expression/timeout")
    if outcome.status is OutcomeStatus.CRASHED:
        return wrong("expression/crash")
    # The words are `symbolic`'s, which must not be imported here: it loads sympy.
    if outcome.value == "equal":
        return right("expression/symbolic")
    return unscored("expression/bad-gold") if outcome.value == "bad-gold" else wrong(f"expression/{outcome.value}")


EXPRESSION = AnswerRule(AnswerKind.EXPRESSION, _read, _score)
