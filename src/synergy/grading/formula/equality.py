r"""Are two formulas equal? By their values at a few points; structure (sets, intervals, equations) by its parts.

*Strictly* equal formulas have the same value everywhere. *Leniently* equal ones differ in what the field is divided
about: 50 and 50 %, 1/3 and 0.333, {1, 2} and (1, 2), 1,22 and 1.22. Strict is the default everywhere.

Agreement at four random rational points is exact for rational formulas of any degree that an answer has, to 1e-12
elsewhere and to 1e-9 where a decimal is written out; disagreement at one point is a proof.
"""

from dataclasses import dataclass
from enum import StrEnum

from synergy.grading.formula.compare import Comparer
from synergy.grading.formula.cursor import Node
from synergy.grading.formula.notation import ascii_notation
from synergy.grading.formula.numeric import Undecidable
from synergy.grading.formula.reader import read
from synergy.grading.formula.tokens import NotAFormula
from synergy.grading.formula.units import without_unit


class Reason(StrEnum):
    """Why nothing was decided."""

    BAD_GOLD = "bad-gold"  #: the gold formula cannot be read here
    UNREADABLE = "unreadable"  #: the other one cannot
    UNKNOWN = "unknown"  #: both can, but not be compared


@dataclass(frozen=True)
class Decision:
    """Strict and lenient equality, or the reason why there is neither."""

    equal: bool = False
    leniently_equal: bool = False
    undecided: Reason | None = None


def compare_formulas(gold: str, predicted: str) -> Decision:
    """Compare two texts; bounded in time, raises nothing."""
    gold_node = _read(gold)
    if gold_node is None:
        return Decision(undecided=Reason.BAD_GOLD)
    node = _read(predicted)
    if node is None:
        return Decision(undecided=Reason.UNREADABLE)
    try:
        equal = Comparer(lenient=False).equal(gold_node, node)
    except Undecidable:
        return Decision(undecided=Reason.UNKNOWN)
    try:
        return Decision(equal=equal, leniently_equal=equal or Comparer(lenient=True).equal(gold_node, node))
    except Undecidable:  # the strict verdict stands
        return Decision(equal=equal, leniently_equal=equal)


def _read(text: str) -> Node | None:
    try:
        return read(without_unit(ascii_notation(text).rstrip()))
    except NotAFormula:
        return None
