"""A sequential test: has a gap widened beyond what is tolerated? Numbers alone; knows nothing about rewards.

Gaps are measured again and again, the first time before training. After each check the means of the last 1, 2, 4, …
gaps are compared with the first one: a CUSUM that scans for the moment of change, over windows as Lai (1995) has it.
The largest standardised excess raises the alarm where it passes a threshold, which is calibrated beforehand by
simulation for as many checks as the run has planned.

Why this one (ours): checks are few and their number is known, and what is null is composite: a gap may take any course
at or below the tolerated one. Every window is compared with the same first gap, so no such course can raise the
largest excess above that of a gap that is the tolerated one all the time, for which the threshold is made. An e-process
or a mixture SPRT holds for runs without end, which these are not, and has to be told the first gap, which is as noisy
as the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float

NUM_SIMULATED = 20_000
_CHUNK = 1000  # draws at a time: memory, whatever the number of checks
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Excess:
    """How far the mean of the newest gaps is beyond the first one and the tolerance."""

    size: int  #: gaps that the mean is over
    widened: float  #: the mean less the first gap
    error: float  #: its standard error
    score: float  #: (widened − tolerance) / error


def excess(gaps: Float[np.ndarray, "num"], covariance: Float[np.ndarray, "num num"], tolerance: float) -> Excess:
    """The window that stands out most, after the last of at least two gaps."""
    num = len(gaps)
    found = []
    for size in _sizes(num - 1):
        weights = np.zeros(num)
        weights[num - size :] = 1 / size
        weights[0] -= 1
        widened, error = float(weights @ gaps), float(np.sqrt(weights @ covariance @ weights))
        found.append(Excess(size=size, widened=widened, error=error, score=(widened - tolerance) / error))
    return max(found, key=lambda each: each.score)


def onset(gaps: Float[np.ndarray, "num"], tolerance: float) -> int:
    """Where the gap began to be too wide: the check after the last zero of Page's (1954) cumulated sum."""
    cumulated, began = 0.0, 1
    for index, gap in enumerate(gaps[1:] - gaps[0], start=1):
        cumulated = max(0.0, cumulated + float(gap) - tolerance)
        if cumulated == 0:
            began = index + 1
    return min(began, len(gaps) - 1)


@lru_cache(maxsize=64)
def threshold(num_checks: int, level: float) -> float:
    """What the largest score of `num_checks` checks passes with probability `level`, where nothing widens.

    The noise is taken to be independent and alike at all checks and the first one; noise that neighbours share makes
    their scores more alike, so the largest smaller.
    """
    rng = np.random.default_rng(_SEED)
    largest = np.concatenate([_largest(rng, _CHUNK, num_checks) for _ in range(NUM_SIMULATED // _CHUNK)])
    return float(np.quantile(largest, 1 - level))


def _largest(rng: np.random.Generator, num_draws: int, num_checks: int) -> Float[np.ndarray, "{num_draws}"]:
    noise = rng.standard_normal((num_draws, num_checks + 1))
    first, sums = noise[:, :1], np.cumsum(noise, axis=1)
    largest = np.full(num_draws, -np.inf)
    for size in _sizes(num_checks):
        means = (sums[:, size:] - sums[:, :-size]) / size
        scores = (means - first) / np.sqrt(1 + 1 / size)
        largest = np.maximum(largest, scores.max(axis=1))
    return largest


def _sizes(largest: int) -> Iterator[int]:
    size = 1
    while size <= largest:
        yield size
        size *= 2
