"""Do two courses over the checkpoints of a run go together? Rank correlation, and the signs of their slopes.

Checkpoints follow each other, so neighbours are alike: blocks of them are what is resampled.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import binomtest, rankdata

MIN_CHECKPOINTS = 5  #: below which nothing is said; ours
NUM_DRAWS = 10_000
SLOPE_WIDTH = 3  #: checkpoints of a window; ours


@dataclass(frozen=True, kw_only=True)
class RankCorrelation:
    """Spearman's ρ with a 95 % interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class SlopeSigns:
    """Windows in which the first course moved, and in how many the second did not go the same way."""

    num_moved: int
    num_against: int
    p_value: float  #: one-sided, of signs that agree no more often than a coin would have them; 1 where nothing moved


def rank_correlation(
    first: Float[np.ndarray, "num"], second: Float[np.ndarray, "num"], *, seed: int
) -> RankCorrelation | None:
    """Spearman's ρ and its percentile interval over moving blocks (Künsch 1989) of about ∛num checkpoints, at least 2.

    None where there are too few checkpoints, or one of the courses is constant.
    """
    num = len(first)
    if num < MIN_CHECKPOINTS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    length = max(2, round(num ** (1 / 3)))
    starts = np.random.default_rng(seed).integers(num - length + 1, size=(NUM_DRAWS, -(-num // length)))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(NUM_DRAWS, -1)[:, :num]
    draws = _spearman(first[drawn], second[drawn])
    low, high = np.quantile(draws[np.isfinite(draws)], [0.025, 0.975])
    estimate = _spearman(first[None], second[None])[0]
    return RankCorrelation(estimate=float(estimate), low=float(low), high=float(high))


def slope_signs(
    first: Float[np.ndarray, "num"],
    variances: Float[np.ndarray, "num"],
    second: Float[np.ndarray, "num"],
    *,
    width: int = SLOPE_WIDTH,
) -> SlopeSigns:
    """Over windows of `width` checkpoints that share their ends: the sign of the second's slope where the first moved.

    It moved where its least-squares slope is more than two standard errors from 0; `variances` are those of its values.
    """
    times = np.arange(width) - (width - 1) / 2
    weights = times / (times @ times)
    num_moved = num_against = 0
    for start in range(0, len(first) - width + 1, width - 1):
        window = slice(start, start + width)
        slope = float(weights @ first[window])
        if abs(slope) > 2 * float(np.sqrt(weights**2 @ variances[window])):
            num_moved += 1
            num_against += bool(slope * float(weights @ second[window]) <= 0)
    p_value = binomtest(num_against, num_moved, 0.5, "less").pvalue if num_moved else 1.0
    return SlopeSigns(num_moved=num_moved, num_against=num_against, p_value=float(p_value))


def _spearman(
    first: Float[np.ndarray, "draws num"], second: Float[np.ndarray, "draws num"]
) -> Float[np.ndarray, "draws"]:
    """Pearson's correlation of ranks, ties shared; NaN where a course is constant."""
    a, b = (rankdata(each, axis=1) for each in (first, second))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
