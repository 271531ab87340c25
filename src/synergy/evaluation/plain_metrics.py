"""Metrics of problems that no benchmark's authors gave any: the pocket's, and those of a file."""

from collections.abc import Mapping, Sequence

from synergy.benchmarks.benchmark import Graded, Value


def plain_metrics(graded: Sequence[Graded]) -> Mapping[str, Value]:
    """Accuracy, the mean score (which counts partial credit), and the accuracy of each family.

    An unscored attempt counts as not correct and as a score of 0.
    """
    by_family: dict[str, list[bool]] = {}
    for each in graded:
        if each.problem.family:
            by_family.setdefault(each.problem.family, []).append(each.verdict.correct)
    num = len(graded)
    values = {
        "accuracy": Value(value=sum(each.verdict.correct for each in graded) / num, num=num),
        "mean_score": Value(value=sum(each.verdict.score or 0.0 for each in graded) / num, num=num),
    }
    for family, correct in sorted(by_family.items()):
        values[f"accuracy/{family}"] = Value(value=sum(correct) / len(correct), num=len(correct))
    return values
