"""Summing up a run: shares of right answers over all, by tag and by level. Each value says what it is out of.

An attempt that nothing could score stays in the denominator, as in `RolloutGroup.pass_rate`.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from synergy.benchmarks.benchmark import Graded, Metrics, Value

#: Between the labels of a tag that has several: {"skill": "inductive; spatial"}.
LABEL_SEPARATOR = "; "


def mean(correct: Iterable[bool]) -> Value:
    """The share that is right; NaN out of 0 where there is nothing to take a mean of."""
    flags = list(correct)
    return Value(value=sum(flags) / len(flags) if flags else math.nan, num=len(flags))


def accuracy(graded: Iterable[Graded]) -> Value:
    """The share of attempts with a correct verdict."""
    return mean(attempt.verdict.correct for attempt in graded)


def by_label(graded: Sequence[Graded], area: str, labels: Callable[[Graded], Iterable[str]]) -> dict[str, Value]:
    """The accuracy of each label, as "area/label", in the order of the labels; an attempt counts under all of its."""
    groups: dict[str, list[Graded]] = {}
    for attempt in graded:
        for label in labels(attempt):
            groups.setdefault(label, []).append(attempt)
    return {f"{area}/{label}": accuracy(groups[label]) for label in sorted(groups)}


def by_tag(graded: Sequence[Graded], tag: str) -> dict[str, Value]:
    """The accuracy of each label of a tag, as "tag/label"."""
    return by_label(graded, tag.replace(" ", "_"), lambda attempt: labels_of(attempt, tag))


def labels_of(attempt: Graded, tag: str) -> list[str]:
    """The labels that an attempt's problem has under a tag."""
    found = attempt.problem.tags.get(tag, "")
    return found.split(LABEL_SEPARATOR) if found else []


def by_level(graded: Sequence[Graded]) -> dict[str, Value]:
    """The accuracy of each difficulty level, as "level/3"."""

    def labels(attempt: Graded) -> list[str]:
        return [] if attempt.problem.level is None else [str(attempt.problem.level)]

    return by_label(graded, "level", labels)


def macro(values: Mapping[str, Value]) -> Value:
    """The plain mean of several means, each counting once."""
    parts = [value.value for value in values.values() if value.num]
    return Value(value=sum(parts) / len(parts) if parts else math.nan, num=len(parts))


def overall_and_by(*tag_names: str) -> Metrics:
    """Metrics "overall", one for each label of the tags, and one for each level."""

    def metrics(graded: Sequence[Graded]) -> dict[str, Value]:
        found = {"overall": accuracy(graded)}
        for tag in tag_names:
            found |= by_tag(graded, tag)
        return found | by_level(graded)

    return metrics
