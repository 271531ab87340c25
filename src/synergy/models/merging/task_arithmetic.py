"""Adding differences to a base (task arithmetic, 2212.04089)."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

_SMALLEST_DIVISOR = 1e-8  #: a smaller sum of weights divides nothing, as in mergekit


def task_arithmetic(
    base: Float[Tensor, "*shape"],
    deltas: Sequence[Float[Tensor, "*shape"]],
    weights: Sequence[float],
    *,
    normalize: bool,
    scale: float,
) -> Float[Tensor, "*shape"]:
    """base + scale · Σ weight · delta, with `normalize` over Σ weight; without any weight it is `base`, bit for bit."""
    total = sum(weights)
    divisor = total if normalize and abs(total) >= _SMALLEST_DIVISOR else 1.0
    used = [(delta, weight) for delta, weight in zip(deltas, weights, strict=True) if weight != 0]
    if not used:
        return base
    merged = used[0][0] * used[0][1]
    for delta, weight in used[1:]:
        merged.add_(delta, alpha=weight)
    return merged.mul_(scale / divisor).add_(base)
