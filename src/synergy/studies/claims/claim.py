"""A claim, what speaks for and against it, and what comes of that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from synergy.studies.results import StudyResults

VerdictName = Literal["supported", "refuted", "inconclusive", "cannot judge"]
Detail = tuple[str, float | None, float | None, float | None]  #: label, estimate, low, high, in the unit of the claim

FIRST = "2507.07562"
SECOND = "2504.11468"
THIRD = "2512.12690"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a study says of a claim.

    `p_false` is the p-value of the hypothesis that the claim is false: small, and the claim is supported. `p_true` is
    that of its being true. Both are one-sided; they add up to more than 1 where a margin lies between the two.
    """

    estimate: float
    low: float  #: of the 95 % interval
    high: float
    p_false: float
    p_true: float
    unit: str = "accuracy"  #: of estimate, low and high: accuracy (a fraction), times, correlation, …
    num_seeds: int = 1
    note: str = ""
    details: tuple[Detail, ...] = ()

    @property
    def p_value(self) -> float:
        """Two-sided: twice the smaller."""
        return min(1.0, 2 * min(self.p_false, self.p_true))


class LackingError(Exception):
    """What a claim needs and a study has not; becomes the verdict "cannot judge" and is never seen outside."""

    def __init__(self, *lacking: str) -> None:
        super().__init__(", ".join(lacking))
        self.lacking = lacking


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A hypothesis that a study can be asked about."""

    name: str
    source: str  #: paper, section
    statement: str
    needs: tuple[str, ...]  #: recipes, arms, axes, evaluation sets, for people
    judge: Callable[[StudyResults], Evidence]  #: raises LackingError


@dataclass(frozen=True, kw_only=True)
class ClaimResult:
    """A claim's verdict in one study."""

    name: str
    source: str
    statement: str
    verdict: VerdictName
    estimate: float | None
    low: float | None  #: 95 %, of this claim alone
    high: float | None
    p_value: float | None  #: two-sided
    p_adjusted: float | None  #: by Holm's method over all claims that the study can judge
    needs: tuple[str, ...]  #: what it rests on; where it cannot be judged, what is lacking
    note: str
    details: tuple[Detail, ...]
    unit: str = "accuracy"  #: of estimate, low and high
