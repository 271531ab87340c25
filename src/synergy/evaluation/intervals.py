"""95 % intervals of a benchmark's metrics, by a bootstrap over what they are means of.

Most metrics are a sum over problems, or over groups of problems that are scored together (DynaMath's variants, WeMath's
chains), divided by a count. What the units are is found out by adding up: the metric of each unit alone, times its
count, must sum to the whole metric and its denominator. A metric for which no unit does that has no interval.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synergy.benchmarks.benchmark import Graded, Metrics, Value
from synergy.statistics.bootstrap import bootstrap_means

_NUM_DRAWS = 2_000
_TAILS = (0.025, 0.975)
#: problems of a group in the mean, at most (ours): larger ones are the strata of a macro mean, which no draw replaces
_MAX_GROUP = 15


@dataclass(frozen=True, kw_only=True)
class MetricInterval:
    """A 95 % interval of a mean over runs."""

    low: float
    high: float
    unit: str  #: what was drawn with replacement: "problem", or the tag whose values tell groups apart


def metric_intervals(
    runs: Sequence[Sequence[Graded]], whole: Sequence[Mapping[str, Value]], metrics: Metrics, *, seed: int
) -> dict[str, MetricInterval]:
    """By metric, where there is one; `whole` is the metrics of each run. All runs hold the same problems in order."""
    found: dict[str, MetricInterval] = {}
    for unit, groups in _units(runs[0]):
        open_names = [name for name in whole[0] if name not in found]
        if not open_names:
            break
        if len(groups) > 1:
            sums, nums = _parts(runs, groups, metrics, open_names)
            for index, name in enumerate(open_names):
                is_spread = (nums[index].mean(0) > 0).sum() > 1  # one unit drawn again and again never differs
                if is_spread and _adds_up(sums[index], nums[index], [values[name] for values in whole]):
                    found[name] = _interval(sums[index].mean(0), nums[index].mean(0), unit, seed=seed)
    return found


def _units(run: Sequence[Graded]) -> Iterator[tuple[str, list[list[int]]]]:
    """Ways to part the problems, by positions, the finest first: each alone, then by tags that all problems have."""
    yield "problem", [[position] for position in range(len(run))]
    shared = set(run[0].problem.tags).intersection(*(each.problem.tags for each in run)) if run else set()
    found: list[tuple[str, list[list[int]]]] = []
    for tag in sorted(shared):
        groups: dict[str, list[int]] = {}
        for position, each in enumerate(run):
            groups.setdefault(each.problem.tags[tag], []).append(position)
        if len(run) <= _MAX_GROUP * len(groups):
            found.append((tag, list(groups.values())))
    yield from sorted(found, key=lambda unit: len(unit[1]), reverse=True)


def _parts(
    runs: Sequence[Sequence[Graded]], groups: Sequence[Sequence[int]], metrics: Metrics, names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Each unit's share of the metrics' numerators and denominators, two arrays [metrics, runs, units]."""
    sums = np.zeros((len(names), len(runs), len(groups)))
    nums = np.zeros_like(sums)
    for row, run in enumerate(runs):
        for column, group in enumerate(groups):
            alone = metrics([run[position] for position in group])
            for index, name in enumerate(names):
                if name in alone and alone[name].num:  # the mean of nothing is NaN
                    nums[index, row, column] = alone[name].num
                    sums[index, row, column] = alone[name].value * alone[name].num
    return sums, nums


def _adds_up(sums: np.ndarray, nums: np.ndarray, whole: Sequence[Value]) -> bool:
    wanted = np.array([[value.value * value.num, value.num] for value in whole])
    return bool(np.allclose(np.stack([sums.sum(1), nums.sum(1)], axis=1), wanted, rtol=0, atol=1e-6))


def _interval(sums: np.ndarray, nums: np.ndarray, unit: str, *, seed: int) -> MetricInterval:
    used = nums > 0
    low, high = ratio_intervals(sums[None, used], nums[None, used], seed=seed)[0]
    return MetricInterval(low=low, high=high, unit=unit)


def ratio_intervals(sums: np.ndarray, nums: np.ndarray, *, seed: int) -> list[tuple[float, float]]:
    """95 % intervals of means, each a sum over units by a sum over units; arrays [num_means, num_units].

    Percentiles; numerators and denominators are drawn together, as arms of one bootstrap.
    """
    means = bootstrap_means(np.concatenate([sums, nums])[:, None, :], seed=seed, num_draws=_NUM_DRAWS)
    ratios = np.clip(means[:, : len(sums)] / means[:, len(sums) :], 0, 1)
    return [(float(low), float(high)) for low, high in np.quantile(ratios, _TAILS, axis=0).T]
