"""Compare arms, paired by problem; correct many comparisons by Holm's method.

Two things make a difference of arms uncertain. *Problems* are many: they are resampled (bootstrap), the same ones for
all arms. *Seeds* are few, and three or five of them can't be resampled to any purpose: where seeds dominate, that
gave 8 to 13 % false verdicts instead of 5 % (LOG.md). What they add is drawn from Student's t, as Welch's test has it,
and the noise of single scores is counted there alone. Below three seeds the spread between seeds can't be known; the
interval then speaks of these trained models alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from synergy.errors import InputError

NUM_DRAWS = 10_000
MIN_SEEDS = 3  #: with fewer, nothing is said of other seeds
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
    """Mean score of every arm over problems drawn with replacement, the same ones for all arms, and over all seeds."""
    num_problems = scores.shape[2]
    rng = np.random.default_rng(seed)
    of_problem = scores.mean(axis=1).T
    means = np.empty((num_draws, len(scores)))
    for start in range(0, num_draws, _CHUNK_DRAWS):
        size = min(_CHUNK_DRAWS, num_draws - start)
        means[start : start + size] = _draw_counts(rng, size, num_problems) @ of_problem / num_problems
    return means


def seed_deviations(
    scores: Float[np.ndarray, "2 num_seeds num_problems"], *, seed: int, num_draws: int
) -> Float[np.ndarray, "{num_draws}"]:
    """How far a difference of two arms' means over S seeds may be from that over all seeds; zeros below `MIN_SEEDS`.

    Draws of Student's t, scaled and with the degrees of freedom of Welch's test (1947) on the seeds' means, which
    allows for arms whose seeds differ unlike. The noise of single scores is part of it.
    """
    num_seeds = scores.shape[1]
    variances = scores.mean(axis=2).var(axis=1, ddof=1) / num_seeds if num_seeds >= MIN_SEEDS else np.zeros(2)
    if not variances.any():
        return np.zeros(num_draws)
    freedom = float(variances.sum() ** 2 / (variances**2).sum()) * (num_seeds - 1)
    # another stream than that of the problems, which starts from the same number
    rng = np.random.default_rng([seed, 1])
    return np.sqrt(variances.sum()) * rng.standard_t(freedom, num_draws)


def problem_share(scores: Float[np.ndarray, "2 num_seeds num_problems"]) -> float:
    """How much of the spread of problems' mean differences is not noise of single scores: a factor in [0, 1].

    That noise is in the seeds' spread already; 1 below `MIN_SEEDS`, where it is not.
    """
    _, num_seeds, num_problems = scores.shape
    differences = scores[0] - scores[1]
    of_problem = differences.mean(axis=0)
    if num_seeds < MIN_SEEDS or num_problems < 2 or not of_problem.var():
        return 1.0
    residuals = differences - of_problem - differences.mean(axis=1)[:, None] + differences.mean()
    noise = float((residuals**2).sum()) / (num_seeds - 1) / (num_problems - 1)
    return float(np.sqrt(max(0.0, 1 - noise / num_seeds / of_problem.var(ddof=1))))


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
    return difference(scores, means, 0, 1, seed=seed)


def difference(
    scores: Float[np.ndarray, "num_arms num_seeds num_problems"],
    means: Float[np.ndarray, "num_draws num_arms"],
    arm: int,
    baseline: int,
    *,
    seed: int,
) -> BootstrapDifference:
    """The difference of two arms, by position, from `scores` and their `bootstrap_means`."""
    pair = scores[[arm, baseline]]
    estimate = float(pair[0].mean() - pair[1].mean())
    of_problems = problem_share(pair) * (means[:, arm] - means[:, baseline] - estimate)
    of_seeds = seed_deviations(pair, seed=seed, num_draws=len(means))
    return BootstrapDifference(estimate=estimate, draws=np.sort(estimate + of_problems + of_seeds))


def holm(p_values: ArrayLike) -> Float[np.ndarray, "num_tests"]:
    """Holm's (1979) adjusted p-values, in the given order: reject those at or below the level as usual."""
    p = np.asarray(p_values, float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted
