"""Metrics of graded responses: of each run, their mean, by level of difficulty, with an interval."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from synergy.benchmarks.benchmark import Graded, Metrics
from synergy.evaluation.intervals import metric_intervals
from synergy.evaluation.score_file import LevelScore, MetricScore, RuleScore
from synergy.evaluation.verdicts import GradedResponse
from synergy.records import VerdictStatus


def rule_score(graded: Sequence[GradedResponse], rule: str, metrics: Metrics, *, seed: int) -> RuleScore:
    """What one rule says of all responses, which hold each problem once a run."""
    runs = runs_of(graded, rule)
    verdicts = [each.verdicts[rule] for each in graded]
    return RuleScore(
        metrics=_metrics(runs, metrics, seed=seed),
        levels=_levels(runs),
        num_unscored=sum(verdict.status is VerdictStatus.UNSCORED for verdict in verdicts),
        decided_by=_counts(verdict.rule for verdict in verdicts),
        extractors=_counts(verdict.extractor for verdict in verdicts if verdict.extractor),
    )


def runs_of(graded: Sequence[GradedResponse], rule: str) -> list[list[Graded]]:
    """The attempts of each run, every run in the same order of problems."""
    by_run: dict[int, list[Graded]] = {}
    for each in graded:
        by_run.setdefault(each.response.run, []).append(Graded(problem=each.problem, verdict=each.verdicts[rule]))
    return [by_run[run] for run in sorted(by_run)]


def _metrics(runs: Sequence[Sequence[Graded]], metrics: Metrics, *, seed: int) -> dict[str, MetricScore]:
    found = [metrics(run) for run in runs]
    found = [{name: value for name, value in values.items() if value.num} for values in found]  # no mean of nothing
    intervals = metric_intervals(runs, found, metrics, seed=seed)
    scores: dict[str, MetricScore] = {}
    for name, first in found[0].items():
        by_run = tuple(values[name].value for values in found)
        interval = intervals.get(name)
        scores[name] = MetricScore(
            value=float(np.mean(by_run)),
            num=first.num,
            by_run=by_run,
            interval=None if interval is None else (interval.low, interval.high),
            resampled=None if interval is None else interval.unit,
        )
    return scores


def _levels(runs: Sequence[Sequence[Graded]]) -> dict[str, LevelScore]:
    """Accuracy by level; problems without a level are in none."""
    correct: Counter[int] = Counter()
    num: Counter[int] = Counter()
    for run in runs:
        for each in run:
            if each.problem.level is not None:
                num[each.problem.level] += 1
                correct[each.problem.level] += each.verdict.correct
    return {
        str(level): LevelScore(accuracy=correct[level] / num[level], num=num[level] // len(runs))
        for level in sorted(num)
    }


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())
