"""TIES (2306.01708): trim differences by magnitude, elect a sign for each entry, merge what agrees with it."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def trim(delta: Float[Tensor, "*shape"], density: float) -> Float[Tensor, "*shape"]:
    """`delta` with its entries of largest magnitude, ⌊density · n⌋ and at least one; zeros elsewhere.

    Of equal magnitudes the first in the tensor's order are kept, so that a merge is the same anywhere.
    """
    if density >= 1:
        return delta
    if density <= 0 or delta.numel() == 0:
        return torch.zeros_like(delta)
    num_kept = max(1, int(density * delta.numel()))
    magnitudes = delta.abs().flatten()
    place = delta.numel() - num_kept
    threshold = float(np.partition(magnitudes.numpy(), place)[place])
    keeps = magnitudes > threshold
    at_threshold = torch.nonzero(magnitudes == threshold).flatten()
    keeps[at_threshold[: num_kept - int(keeps.sum())]] = True
    return torch.where(keeps.view(delta.shape), delta, 0)


def merge_agreeing(
    base: Float[Tensor, "*shape"],
    deltas: Sequence[Float[Tensor, "*shape"]],
    weights: Sequence[float],
    *,
    normalize: bool,
    scale: float,
) -> Float[Tensor, "*shape"]:
    """base + scale · Σ weight · delta over the deltas that agree with their entry's elected sign.

    The elected sign is that of Σ weight · delta, positive for 0; a delta of 0 agrees with neither sign. With
    `normalize` each entry is divided by the sum of the weights that agree, where that is not 0.
    """
    total = torch.zeros_like(base)
    for delta, weight in zip(deltas, weights, strict=True):
        total += delta * weight
    is_positive = total >= 0
    merged, divisor = total.zero_(), torch.zeros_like(base)  # in place: these are the largest tensors of a model too
    for delta, weight in zip(deltas, weights, strict=True):
        weighted = delta * weight
        agrees = torch.where(is_positive, weighted > 0, weighted < 0)
        merged += weighted.masked_fill_(~agrees, 0)
        divisor.add_(agrees, alpha=weight)
    if normalize:
        merged /= divisor.masked_fill_(divisor == 0, 1)
    return merged.mul_(scale).add_(base)
