"""The KL term of the loss: estimators of KL(π‖π_ref) at single sampled tokens, which differ in their gradients.

With d = log π − log π_ref at a token sampled from π (Schulman 2020, joschu.net/blog/kl-approx.html), all have the
right mean value to second order, but as a *loss* only some have the right gradient:

| estimator | value | expected gradient |
|---|---|---|
| k1 | d | 0: noise alone |
| k2 | d² / 2 | that of KL(π‖π_ref) |
| k3 | exp(−d) + d − 1 | that of KL(π_ref‖π) |
| k3+ | k3's | k2's, so that of KL(π‖π_ref) |
| k3_ratio | k3 · π/π_old | that of KL(π‖π_ref), also for tokens sampled from an older π_old |
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from synergy.training.ratios import MAX_LOG_RATIO


def kl_values(
    difference: Float[Tensor, "tokens"],
    ratio: Float[Tensor, "tokens"],
    estimator: Literal["k1", "k2", "k3", "k3+", "k3_ratio"],
) -> Float[Tensor, "tokens"]:
    """The estimate at each token, in nats, from log π − log π_ref and π/π_old, both with gradients of log π.

    The ratio is the token's, whatever the policy gradient's level: a sequence-level one would not give KL's gradient.
    """
    match estimator:
        case "k1":
            return difference
        case "k2":
            return difference**2 / 2
        case "k3":
            return _k3(difference)
        case "k3+":
            k2 = difference**2 / 2
            return _k3(difference).detach() + k2 - k2.detach()
        case "k3_ratio":
            return _k3(difference) * ratio


def _k3(difference: Float[Tensor, "tokens"]) -> Float[Tensor, "tokens"]:
    return torch.exp(-difference.clamp(min=-MAX_LOG_RATIO)) + difference - 1
