"""How many times as long one arm's responses are as another's: the geometric mean over problems of ratios of tokens.

The geometric mean, because some responses are so long that they alone would decide an arithmetic one: ours.
"""

import math
from dataclasses import replace

from synergy.studies.claims.claim import Detail, Evidence
from synergy.studies.claims.evidence import above, below, detail
from synergy.studies.claims.pool import pool
from synergy.studies.results import StudyResults


def longer(results: StudyResults, arm: str, other: str) -> Evidence:
    """The claim that the first arm's responses are longer."""
    found = pool(results, [arm, other], measure="log_tokens").overall
    return _in_times(replace(above(found.over(arm, other)), num_seeds=found.num_seeds))


def at_most_times(results: StudyResults, arm: str, other: str, times: float) -> Evidence:
    """The claim that they are less than `times` as long."""
    found = pool(results, [arm, other], measure="log_tokens").overall
    return _in_times(replace(below(found.over(arm, other), math.log(times)), num_seeds=found.num_seeds))


def times_detail(results: StudyResults, arm: str, other: str) -> Detail:
    """The ratio with its interval, for the details of another claim."""
    label, *numbers = detail(
        f"{arm} / {other}, times", pool(results, [arm, other], measure="log_tokens").overall.over(arm, other)
    )
    estimate, low, high = (None if number is None else math.exp(number) for number in numbers)
    return label, estimate, low, high


def _in_times(evidence: Evidence) -> Evidence:
    estimate, low, high = (math.exp(value) for value in (evidence.estimate, evidence.low, evidence.high))
    return replace(evidence, estimate=estimate, low=low, high=high, unit="times")
