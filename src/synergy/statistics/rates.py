"""Success rates and their uncertainty: pass@k, clustered standard errors."""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from synergy.errors import InputError


def _counts(num_correct: ArrayLike, num_samples: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    correct, samples = np.broadcast_arrays(np.asarray(num_correct, float), np.asarray(num_samples, float))
    wrong = ~((correct >= 0) & (correct <= samples) & (samples > 0))
    if wrong.any():
        got = f"{correct[wrong][0]:g} correct of {samples[wrong][0]:g}"
        raise InputError(f"counts hold {got}; expected 0 <= correct <= samples, at least one sample")
    return correct, samples


def pass_at_k(num_correct: ArrayLike, num_samples: ArrayLike, k: int) -> Float[np.ndarray, "*problems"]:
    """Per problem, the chance that k samples hold a correct one, without bias: 1 − C(n−c, k) / C(n, k).

    Chen et al. 2021 (2107.03374), equation 1. Any shapes that broadcast; NaN where k exceeds the number of
    samples, for which no unbiased estimate exists.
    """
    if k < 1:
        raise InputError(f"pass@k with k = {k}; expected at least 1")
    correct, samples = _counts(num_correct, num_samples)
    drawn = np.arange(k)
    with np.errstate(divide="ignore", invalid="ignore"):  # k > n divides by zero and is masked below
        all_wrong = ((samples - correct)[..., None] - drawn) / (samples[..., None] - drawn)
    # With fewer than k wrong samples one factor is 0; clipping keeps the negative ones after it from a "-0".
    return np.where(samples >= k, 1 - np.clip(all_wrong, 0, 1).prod(axis=-1), np.nan)


def clustered_standard_error(values: ArrayLike, clusters: ArrayLike) -> float:
    """The standard error of the mean of `values` [n] where those of one cluster (a problem) go together.

    Miller 2024 (2411.00640, 'Adding Error Bars to Evals'), clustered errors: the root of the summed
    squares of each cluster's summed deviations, over n; here times C/(C−1) under the root for C clusters,
    so that clusters of one value give the usual s/√n. NaN for a single cluster.
    """
    scores = np.asarray(values, float)
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    if scores.shape != index.shape:
        raise InputError(f"{scores.shape} values in {index.shape} clusters; expected one cluster per value")
    if len(names) < 2:
        return math.nan
    sums = np.bincount(index, weights=scores - scores.mean())
    return math.sqrt(len(names) / (len(names) - 1) * float(sums @ sums)) / len(scores)
