"""The registry of answer kinds: one file a kind, one rule each."""

from collections.abc import Mapping
from typing import Any

from synergy.grading.answers.box import BOX
from synergy.grading.answers.cells import CELLS
from synergy.grading.answers.digit import DIGIT
from synergy.grading.answers.expression import EXPRESSION
from synergy.grading.answers.number import NUMBER
from synergy.grading.answers.option import OPTION
from synergy.grading.answers.permutation import PERMUTATION
from synergy.grading.comparison import AnswerRule
from synergy.records import AnswerKind

_RULES: tuple[AnswerRule[Any], ...] = (NUMBER, DIGIT, OPTION, EXPRESSION, BOX, PERMUTATION, CELLS)

ANSWER_RULES: Mapping[AnswerKind, AnswerRule[Any]] = {rule.kind: rule for rule in _RULES}
