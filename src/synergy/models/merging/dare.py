"""DARE (2311.03099): entries of a difference are dropped at random and the rest made larger in turn."""

import json
from hashlib import blake2b
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

_SMALLEST_NORM = 1e-7  #: a smaller sum of magnitudes is not restored, as in mergekit


def drop(
    delta: Float[Tensor, "*shape"],
    density: float,
    *,
    rescale: Literal["inverse_density", "l1_norm", "none"],
    key: tuple[int, str, int],
) -> Float[Tensor, "*shape"]:
    """`delta` with each entry kept with probability `density`, zeros elsewhere.

    `inverse_density` divides by the density, so that the expectation is `delta` (the paper); `l1_norm` restores the sum
    of magnitudes. `key` (seed, tensor's name, model's index) decides what is dropped.
    """
    if density >= 1:
        return delta
    if density <= 0:
        return torch.zeros_like(delta)
    kept = torch.where(_keeps(delta.numel(), density, key).view(delta.shape), delta, 0)
    match rescale:
        case "inverse_density":
            return kept.div_(density)
        case "l1_norm":
            before, after = float(delta.abs().sum()), float(kept.abs().sum())
            return kept if min(before, after) < _SMALLEST_NORM else kept.mul_(before / after)
        case "none":
            return kept


def _keeps(num: int, density: float, key: tuple[int, str, int]) -> Bool[Tensor, " num"]:
    """Philox numbers under a digest of the key: the same on any machine and in any order of tensors."""
    digest = int.from_bytes(blake2b(json.dumps(key).encode(), digest_size=16).digest(), "little")
    uniform = np.random.Generator(np.random.Philox(key=digest)).random(num, dtype=np.float32)
    return torch.from_numpy(uniform < np.float32(density))
