"""The weighted mean of tensors (model soups, 2203.05482)."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor


def linear(
    tensors: Sequence[Float[Tensor, "*shape"]], weights: Sequence[float], *, normalize: bool
) -> Float[Tensor, "*shape"]:
    """Σ weight · tensor, with `normalize` over Σ weight, which must not be 0.

    A tensor that has all the weight comes out bit for bit: weights are divided first, and those of 0 left out.
    """
    total = sum(weights) if normalize else 1.0
    shares = [(tensor, weight / total) for tensor, weight in zip(tensors, weights, strict=True) if weight != 0]
    if not shares:
        return tensors[0].new_zeros(tensors[0].shape)
    first, share = shares[0]
    result = first * share
    for tensor, share in shares[1:]:
        result.add_(tensor, alpha=share)
    return result
