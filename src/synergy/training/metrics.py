"""What a step's losses report, in forms that merge over micro-batches and ranks without a mean of means.

A sum adds up, a mean is kept as (sum, count), a maximum as itself. Ranks may hold different keys: one without rollouts
reports nothing of the sampler.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Scalar = Float[Tensor, ""]


@dataclass(frozen=True, kw_only=True)
class LossMetrics:
    """Metrics of a part of a step, keyed `area/name`; tensors without gradient, not yet waited for."""

    sums: Mapping[str, Scalar] = field(default_factory=dict)
    means: Mapping[str, tuple[Scalar, Scalar]] = field(default_factory=dict)  #: (sum, count)
    maxima: Mapping[str, Scalar] = field(default_factory=dict)


def mean_over(values: Float[Tensor, "items"], mask: Bool[Tensor, "items"]) -> tuple[Scalar, Scalar]:
    """(sum, count) of `values` where `mask` holds."""
    return torch.where(mask, values, 0.0).sum().detach(), mask.sum().to(values.dtype)


def merge_metrics(parts: Iterable[LossMetrics]) -> LossMetrics:
    """The metrics of all parts together."""
    sums: dict[str, Scalar] = {}
    means: dict[str, tuple[Scalar, Scalar]] = {}
    maxima: dict[str, Scalar] = {}
    for part in parts:
        for key, value in part.sums.items():
            sums[key] = sums[key] + value if key in sums else value
        for key, (total, count) in part.means.items():
            means[key] = (means[key][0] + total, means[key][1] + count) if key in means else (total, count)
        for key, value in part.maxima.items():
            maxima[key] = torch.maximum(maxima[key], value) if key in maxima else value
    return LossMetrics(sums=sums, means=means, maxima=maxima)


def summarise(metrics: LossMetrics) -> dict[str, float]:
    """One number per key; a mean over nothing is left out.

    From the mean w and w² of the sampler mismatch follow the χ² divergence E[w²] − 1 and the effective share of samples
    E[w]² / E[w²], which as ratios of means cannot be merged themselves.
    """
    found = {key: value.item() for key, value in (*metrics.sums.items(), *metrics.maxima.items())}
    found |= {key: (total / count).item() for key, (total, count) in metrics.means.items() if count > 0}
    if "mismatch/weight_squared" in found:
        squared = found.pop("mismatch/weight_squared")
        found["mismatch/chi_squared"] = squared - 1
        found["mismatch/effective_sample_fraction"] = found["mismatch/weight"] ** 2 / squared
    return found
