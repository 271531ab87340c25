"""A table of what responses are like: a row a model and evaluation set, each number a ratio of sums over responses.

Intervals are 95 %, by resampling problems with all their responses; a change against the model compared with is over
the problems that both answered, resampled together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, FindingColumn, Unit
from synergy.diagnostics.samples import Sample, read_samples
from synergy.diagnostics.subject import Subject
from synergy.statistics.bootstrap import bootstrap_means

NUM_DRAWS = 2000
RESPONSES = "responses"  #: the feature that is 1 for every response

Features = Mapping[str, float]  #: of one response, by name; what a response lacks is 0
Sums = dict[str, dict[str, float]]  #: by problem, features summed over its responses


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A column: the sum of one feature over the sum of another."""

    name: str
    title: str
    of: str
    over: str = RESPONSES
    unit: Unit = "%"
    is_compared: bool = False  #: whether a further column says how it changed against the model compared with


def measure_table(
    inquiry: Inquiry, sums_of: Callable[[Subject, str, Path], Sums], measures: Sequence[Measure]
) -> tuple[tuple[FindingColumn, ...], tuple[dict[str, Cell], ...]]:
    """Columns and rows; the model compared with comes first. `sums_of` is asked of each subject and set."""
    baseline: dict[str, Sums] = {}
    rows: list[dict[str, Cell]] = []
    subjects = everyone(inquiry)
    for position, subject in enumerate(subjects):
        for on, folder in subject.responses.items():
            inquiry.on_progress(f"{subject.name} on {on}", position, len(subjects))
            sums = sums_of(subject, on, folder)
            if not sums:
                continue
            row = {"subject": subject.name, "set": on} | measured(sums, measures, inquiry.seed)
            if subject is inquiry.against:
                baseline[on] = sums
            elif on in baseline:
                row |= changes(sums, baseline[on], measures, inquiry.seed)
            rows.append(row)
    return columns(measures, has_changes=bool(baseline) and len(subjects) > 1), tuple(rows)


def everyone(inquiry: Inquiry) -> list[Subject]:
    """What is compared with, then the others, each once."""
    first = [] if inquiry.against is None else [inquiry.against]
    return [*first, *(each for each in inquiry.subjects if each is not inquiry.against)]


def of_samples(features: Callable[[Sample], Features]) -> Callable[[Subject, str, Path], Sums]:
    """For `measure_table`: features of all stored responses."""
    return lambda subject, on, folder: by_problem(read_samples(folder), features)


def by_problem(samples: Iterable[Sample], features: Callable[[Sample], Features]) -> Sums:
    """Features summed by problem, `RESPONSES` among them."""
    sums: Sums = {}
    for sample in samples:
        of_problem = sums.setdefault(sample.problem_id, {})
        for name, value in {**features(sample), RESPONSES: 1.0}.items():
            of_problem[name] = of_problem.get(name, 0.0) + value
    return sums


def measured(sums: Sums, measures: Sequence[Measure], seed: int) -> dict[str, Cell]:
    """Each measure with the ends of its interval (NAME_low, NAME_high); None where there is nothing to divide by."""
    names = _names(measures)
    values = _matrix(sums, list(sums), names)
    draws = bootstrap_means(values[:, None, :], seed=seed, num_draws=NUM_DRAWS)
    row: dict[str, Cell] = {RESPONSES: int(values[names.index(RESPONSES)].sum())}
    for measure in measures:
        of, over = names.index(measure.of), names.index(measure.over)
        if not values[over].sum():
            continue
        row |= _with_interval(measure.name, values[of].sum() / values[over].sum(), _ratio(draws[:, of], draws[:, over]))
    return row


def changes(sums: Sums, baseline: Sums, measures: Sequence[Measure], seed: int) -> dict[str, Cell]:
    """By how much the compared measures exceed the baseline's, on the problems that both answered."""
    shared = [problem for problem in sums if problem in baseline]
    compared = [measure for measure in measures if measure.is_compared]
    if not shared or not compared:
        return {}
    names = _names(compared)
    both = np.concatenate([_matrix(each, shared, names) for each in (sums, baseline)])
    draws = bootstrap_means(both[:, None, :], seed=seed, num_draws=NUM_DRAWS)
    totals = both.sum(axis=1)
    row: dict[str, Cell] = {}
    for measure in compared:
        of, over, half = names.index(measure.of), names.index(measure.over), len(names)
        if totals[over] and totals[half + over]:
            estimate = totals[of] / totals[over] - totals[half + of] / totals[half + over]
            ours, theirs = _ratio(draws[:, of], draws[:, over]), _ratio(draws[:, half + of], draws[:, half + over])
            row |= _with_interval(f"{measure.name}_change", estimate, ours - theirs)
    return row


def columns(measures: Sequence[Measure], *, has_changes: bool) -> tuple[FindingColumn, ...]:
    """Columns of the table, those of changes behind their measures."""
    found = [
        FindingColumn(name="subject", title="model"),
        FindingColumn(name="set", title="problems of"),
        FindingColumn(name=RESPONSES, title="responses"),
    ]
    for measure in measures:
        found.append(_column(measure.name, measure.title, measure.unit))
        if measure.is_compared and has_changes:
            unit: Unit = "points" if measure.unit == "%" else measure.unit
            found.append(_column(f"{measure.name}_change", f"{measure.title}: change", unit))
    return tuple(found)


def _column(name: str, title: str, unit: Unit) -> FindingColumn:
    return FindingColumn(name=name, title=title, unit=unit, low=f"{name}_low", high=f"{name}_high")


def _names(measures: Sequence[Measure]) -> list[str]:
    return list(dict.fromkeys([RESPONSES, *(name for each in measures for name in (each.of, each.over))]))


def _matrix(sums: Sums, problems: Sequence[str], names: Sequence[str]) -> Float[np.ndarray, "num_names num_problems"]:
    return np.array([[sums[problem].get(name, 0.0) for problem in problems] for name in names])


def _ratio(of: Float[np.ndarray, "num_draws"], over: Float[np.ndarray, "num_draws"]) -> Float[np.ndarray, "num_draws"]:
    return np.divide(of, over, out=np.full(len(of), np.nan), where=over > 0)


def _with_interval(name: str, estimate: float, draws: Float[np.ndarray, "num_draws"]) -> dict[str, Cell]:
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return {name: float(estimate), f"{name}_low": float(low), f"{name}_high": float(high)}
