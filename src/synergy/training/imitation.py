"""Weights of imitated tokens by their own current probability, the one thing most refinements of SFT change.

The loss −sg(w) · log p has the gradient −w · ∇log p. Its value is comparable between weights only through `nll/value`,
the plain mean of −log p, and the step size only through `nll/token_weight`, the mean of w: report both.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from synergy.config.loss import NllConfig


def token_weights(logprobs: Float[Tensor, "tokens"], config: NllConfig) -> Float[Tensor, "tokens"]:
    """w of each token, without gradient; `NllConfig.token_weight` has the formulas and their sources."""
    p = logprobs.detach().exp()
    match config.token_weight:
        case "one":
            return torch.ones_like(p)
        case "p":
            return p
        case "clipped_p":
            return (p / config.alpha).clamp(max=1)
        case "p_one_minus_p":
            return p * (1 - p)
        case "saturating_p":
            return p / (p + config.gamma)
        case "luffy":
            return config.gamma * p / (p + config.gamma) ** 2
