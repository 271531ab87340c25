"""The registry of answer kinds: one file a kind, one rule each."""

from collections.abc import Mapping
from typing import Any

from synergy.grading.answers.box import BOX
from synergy.grading.answers.cells import CELLS
from synergy.grading.answers.digit import DIGIT
from synergy.grading.answers.expression import EXPRESSION
from synergy.grading.answers.number import INTEGER, NUMBER
from synergy.grading.answers.open_ended import OPEN
from synergy.grading.answers.option import OPTION
from synergy.grading.answers.permutation import PERMUTATION
from synergy.grading.answers.sequence import LIST
from synergy.grading.answers.text import TEXT
from synergy.grading.answers.yes_no import YES_NO
from synergy.grading.comparison import AnswerRule
from synergy.records import AnswerKind

_RULES: tuple[AnswerRule[Any], ...] = (
    *(INTEGER, NUMBER, DIGIT, OPTION, EXPRESSION),
    *(YES_NO, TEXT, LIST, BOX, PERMUTATION, CELLS, OPEN),
)

ANSWER_RULES: Mapping[AnswerKind, AnswerRule[Any]] = {rule.kind: rule for rule in _RULES}
