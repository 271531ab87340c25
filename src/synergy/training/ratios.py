"""Probability ratios between the current policy and the one that was updated from, at token or sequence level.

Sequences are flat: `sequence_index` says to which of `num_sequences` each token belongs.
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

#: bound on log-ratios before exp, as in verl: float32 stays finite, and so does the gradient of a clipped infinity
MAX_LOG_RATIO = 20.0


def masked_difference(
    a: Float[Tensor, "tokens"], b: Float[Tensor, "tokens"], mask: Bool[Tensor, "tokens"]
) -> Float[Tensor, "tokens"]:
    """a − b where `mask` holds, else 0 without gradient, also where one of them is NaN."""
    return torch.where(mask, a - b, 0.0)


def sequence_sums(
    values: Float[Tensor, "tokens"], sequence_index: Int[Tensor, "tokens"], num_sequences: int
) -> Float[Tensor, "{num_sequences}"]:
    """The sum of each sequence's values."""
    return values.new_zeros(num_sequences).index_add(0, sequence_index, values)


def sequence_means(
    values: Float[Tensor, "tokens"],
    mask: Bool[Tensor, "tokens"],
    sequence_index: Int[Tensor, "tokens"],
    num_sequences: int,
) -> Float[Tensor, "{num_sequences}"]:
    """The mean of each sequence's values where `mask` holds; 0 for a sequence without any."""
    sums = sequence_sums(torch.where(mask, values, 0.0), sequence_index, num_sequences)
    return sums / sequence_sums(mask.to(values.dtype), sequence_index, num_sequences).clamp(min=1)


def log_ratio_at(
    level: Literal["token", "sequence", "sequence_product"],
    log_ratio: Float[Tensor, "tokens"],
    mask: Bool[Tensor, "tokens"],
    sequence_index: Int[Tensor, "tokens"],
    num_sequences: int,
) -> Float[Tensor, "tokens"]:
    """Each token's log-ratio at the given level, from token log-ratios that are 0 outside `mask`; within ±20.

    `sequence` is GSPO's token form sg(s) · p/sg(p) (2507.18071): value of the sequence's geometric mean,
    gradient of the token. `sequence_product` is the sum over the sequence, with the gradient of all its tokens.
    """
    match level:
        case "token":
            found = log_ratio
        case "sequence":
            mean = sequence_means(log_ratio, mask, sequence_index, num_sequences)
            found = mean.detach()[sequence_index] + log_ratio - log_ratio.detach()
        case "sequence_product":
            found = sequence_sums(log_ratio, sequence_index, num_sequences)[sequence_index]
    return found.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO)
