"""What a step's losses report, in forms that merge over micro-batches and ranks without a mean of means.

A sum adds up, a mean is kept as (sum, count), a maximum as itself. Ranks may hold different keys: one without rollouts
reports nothing of the sampler.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Scalar = Float[Tensor, ""]
PROBLEM = "problem/"  #: area of moments over problems, which only `summarise` reads
PROBLEMS = f"{PROBLEM}num"  #: how many problems they are over


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
    E[w]² / E[w²], which as ratios of means cannot be merged themselves. So do, from moments over problems, the standard
    errors of mean reward and accuracy (attempts at a problem are alike, problems are what is drawn) and the correlation
    of the two over problems.
    """
    found = {key: value.item() for key, value in (*metrics.sums.items(), *metrics.maxima.items())}
    found |= {key: (total / count).item() for key, (total, count) in metrics.means.items() if count > 0}
    if "mismatch/weight_squared" in found:
        squared = found.pop("mismatch/weight_squared")
        found["mismatch/chi_squared"] = squared - 1
        found["mismatch/effective_sample_fraction"] = found["mismatch/weight"] ** 2 / squared
    moments = {key.removeprefix(PROBLEM): found.pop(key) for key in list(found) if key.startswith(PROBLEM)}
    return found | _over_problems(moments)


def _over_problems(moments: Mapping[str, float]) -> dict[str, float]:
    num = moments.get("num", 0)
    if num < 2 or "reward" not in moments:
        return {}
    reward, accuracy = (
        max(0.0, moments[f"{name}_squared"] - moments[name] ** 2) * num / (num - 1) for name in ("reward", "accuracy")
    )
    product = (moments["product"] - moments["reward"] * moments["accuracy"]) * num / (num - 1)
    found = {"reward/standard_error": sqrt(reward / num), "score/standard_error": sqrt(accuracy / num)}
    if reward > 0 and accuracy > 0:
        found["reward/correlation"] = max(-1.0, min(1.0, product / sqrt(reward * accuracy)))
    return found
