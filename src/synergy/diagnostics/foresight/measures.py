"""What is computed from many attempts at a few problems; arrays in, numbers out."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from synergy.statistics.rates import pass_at_k


def pass_rates(
    num_correct: Int[np.ndarray, "num_problems"], num_samples: int, ks: Sequence[int]
) -> Mapping[int, float]:
    """The mean over problems of pass@k without bias (2107.03374, equation 1), for each k up to the samples."""
    return {k: float(pass_at_k(num_correct, num_samples, k).mean()) for k in ks if k <= num_samples}


def group_variances(
    num_correct: Int[np.ndarray, "num_problems"], num_samples: int, group_size: int
) -> Float[np.ndarray, "num_problems"]:
    """By problem the variance of rewards that a group of RL is expected to have: p(1 − p)(G − 1)/G (2606.18487).

    Of p(1 − p) the estimate c(n − c) / (n(n − 1)), which has no bias; rewards are 1 and 0. Where no group varies there
    is no advantage, so nothing for GRPO to learn from.
    """
    right = num_correct.astype(np.float64)
    return right * (num_samples - right) / (num_samples * (num_samples - 1)) * (group_size - 1) / group_size


def mean_surprise(surprise: Float[np.ndarray, "num_problems"], num_tokens: Int[np.ndarray, "num_problems"]) -> float:
    """Mean −log p over sampled tokens, nats: an estimate of the mean entropy of what they were drawn from."""
    return float(surprise.sum() / max(1, num_tokens.sum()))
