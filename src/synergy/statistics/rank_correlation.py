"""Spearman's rank correlation of a few pairs, with an interval that says how few they are."""

import math
from typing import NamedTuple

from numpy.typing import ArrayLike
from scipy.stats import rankdata

from synergy.errors import InputError

MIN_FOR_INTERVAL = 4  #: with fewer pairs there is none
_Z95 = 1.959963984540054


class RankCorrelation(NamedTuple):
    """Of so many pairs."""

    estimate: float  #: NaN where either side is constant
    low: float  #: of the 95 % interval; NaN below four pairs
    high: float
    num: int


def spearman(x: ArrayLike, y: ArrayLike) -> RankCorrelation:
    """The correlation of midranks of x and y, both [num].

    The interval is Fisher's z with the variance (1 + ρ²/2) / (n − 3) of Bonett and Wright (2000). A correlation of ±1
    would have none; it is moved inward by half of what exchanging two neighbours changes, 6 / (n³ − n) (ours). Raises
    InputError where x and y differ in length or there are fewer than two.
    """
    left, right = rankdata(x), rankdata(y)
    num = len(left)
    if num != len(right) or num < 2:
        raise InputError(f"{num} and {len(right)} values; expected as many of both, at least two")
    left, right = left - left.mean(), right - right.mean()
    scale = math.sqrt(float(left @ left) * float(right @ right))
    if not scale:
        return RankCorrelation(math.nan, math.nan, math.nan, num)
    estimate = float(left @ right) / scale
    if num < MIN_FOR_INTERVAL:
        return RankCorrelation(estimate, math.nan, math.nan, num)
    bound = 1 - 6 / (num**3 - num)
    z = math.atanh(min(bound, max(-bound, estimate)))
    half = _Z95 * math.sqrt((1 + estimate**2 / 2) / (num - 3))
    return RankCorrelation(estimate, math.tanh(z - half), math.tanh(z + half), num)
