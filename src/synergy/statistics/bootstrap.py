"""Compare arms by a paired bootstrap over seeds and problems; correct many comparisons by Holm's method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from synergy.errors import InputError

NUM_DRAWS = 10_000
_CHUNK_DRAWS = 500  # counts of 500 draws over thousands of problems stay in the processor's cache


@dataclass(frozen=True, kw_only=True, eq=False)
class BootstrapDifference:
    """How much one arm's mean score exceeds another's."""

    estimate: float
    draws: Float[np.ndarray, "num_draws"]  #: sorted

    def bound(self, share: float) -> float:
        """The percentile bound with `share` of the draws below: 0.05 is the one-sided 95 % lower bound."""
        return float(np.quantile(self.draws, share))

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference: twice the smaller tail beyond 0, never below 2 / (draws + 1)."""
        below, above = int((self.draws <= 0).sum()), int((self.draws >= 0).sum())
        return min(1.0, 2 * (min(below, above) + 1) / (len(self.draws) + 1))


def as_scores(arms: Sequence[ArrayLike]) -> Float[np.ndarray, "num_arms num_seeds num_problems"]:
    """The arms' scores as one array [num_arms, num_seeds, num_problems]; InputError where they don't pair."""
    scores = [np.asarray(arm, float) for arm in arms]
    shapes = [score.shape for score in scores]
    if len(set(shapes)) > 1 or len(shapes[0]) != 2 or 0 in shapes[0]:
        raise InputError(f"arms of shapes {shapes}; expected one shape (num_seeds, num_problems), none empty")
    stacked = np.stack(scores)
    if not np.isfinite(stacked).all():
        raise InputError("scores hold NaN or infinity; expected a number per seed and problem, decide on unscored ones")
    return stacked


def bootstrap_means(
    scores: Float[np.ndarray, "num_arms num_seeds num_problems"], *, seed: int, num_draws: int = NUM_DRAWS
) -> Float[np.ndarray, "{num_draws} num_arms"]:
    """Mean score of every arm in every draw.

    A draw takes seeds with replacement and problems with replacement, the same for all arms, so a difference
    of columns is paired. Two errors of this bootstrap pull in opposite directions. The noise of single scores
    counts up to three times, once per resampled axis and once as itself (Owen 2007, 'The pigeonhole
    bootstrap'): intervals too wide. The spread between S seeds counts (S−1)/S times, and nothing allows for S
    being small: intervals too narrow, and with one seed the spread is absent.
    """
    num_arms, num_seeds, num_problems = scores.shape
    rng = np.random.default_rng(seed)
    flat = scores.reshape(num_arms * num_seeds, num_problems).T
    means = np.empty((num_draws, num_arms))
    for start in range(0, num_draws, _CHUNK_DRAWS):
        size = min(_CHUNK_DRAWS, num_draws - start)
        problem_counts = _draw_counts(rng, size, num_problems)
        seed_counts = _draw_counts(rng, size, num_seeds)
        sums = (problem_counts @ flat).reshape(size, num_arms, num_seeds)
        means[start : start + size] = np.einsum("das,ds->da", sums, seed_counts) / (num_seeds * num_problems)
    return means


def _draw_counts(
    rng: np.random.Generator, num_draws: int, num_items: int
) -> Float[np.ndarray, "{num_draws} {num_items}"]:
    """How often each item is taken in each draw: multinomial, six times as fast."""
    taken = rng.integers(0, num_items, (num_draws, num_items), dtype=np.int32)
    taken += np.arange(0, num_draws * num_items, num_items, dtype=np.int32)[:, None]
    counts = np.bincount(taken.ravel(), minlength=num_draws * num_items)
    return counts.reshape(num_draws, num_items).astype(float)


def paired_difference(
    arm: ArrayLike, baseline: ArrayLike, *, seed: int, num_draws: int = NUM_DRAWS
) -> BootstrapDifference:
    """How much `arm` exceeds `baseline`, both [num_seeds, num_problems] over the same seeds and problems."""
    scores = as_scores([arm, baseline])
    means = bootstrap_means(scores, seed=seed, num_draws=num_draws)
    return difference(scores, means, 0, 1)


def difference(
    scores: Float[np.ndarray, "num_arms num_seeds num_problems"],
    means: Float[np.ndarray, "num_draws num_arms"],
    arm: int,
    baseline: int,
) -> BootstrapDifference:
    """The difference of two arms, by position, from `scores` and their `bootstrap_means`."""
    return BootstrapDifference(
        estimate=float(scores[arm].mean() - scores[baseline].mean()),
        draws=np.sort(means[:, arm] - means[:, baseline]),
    )


def holm(p_values: ArrayLike) -> Float[np.ndarray, "num_tests"]:
    """Holm's (1979) adjusted p-values, in the given order: reject those at or below the level as usual."""
    p = np.asarray(p_values, float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted
