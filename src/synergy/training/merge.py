"""Metrics of all processes as one: sums add up, means as (sum, count), maxima as the largest."""

import torch

from synergy.training.metrics import LossMetrics, merge_metrics
from synergy.training.processes import Processes


def merge_over(processes: Processes, metrics: LossMetrics) -> LossMetrics:
    """The metrics of all processes together, in float64; keys may differ between processes."""
    value = {
        "sums": {key: float(each) for key, each in metrics.sums.items()},
        "means": {key: [float(part) for part in each] for key, each in metrics.means.items()},
        "maxima": {key: float(each) for key, each in metrics.maxima.items()},
    }
    return merge_metrics(
        LossMetrics(
            sums={key: _scalar(each) for key, each in part["sums"].items()},
            means={key: (_scalar(total), _scalar(count)) for key, (total, count) in part["means"].items()},
            maxima={key: _scalar(each) for key, each in part["maxima"].items()},
        )
        for part in processes.gather(value)
    )


def _scalar(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)
