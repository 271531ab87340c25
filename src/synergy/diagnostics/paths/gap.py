"""Which measure of reasoning goes with a gap in accuracy between two models.

For each measure: how much of the gap is left where it is held equal. By least squares over responses to the problems
that both answered, within problems: right ~ model + measure. That is adjustment, not cause: what causes a gap, arms
that differ in one thing alone can say (`studies/pseudo_paths.yaml`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict
from synergy.diagnostics.kept import kept
from synergy.diagnostics.paths.reflecting import reflections
from synergy.diagnostics.paths.statements import statements
from synergy.diagnostics.paths.structure import num_repeated, phrases
from synergy.diagnostics.paths.thinking import steps
from synergy.diagnostics.samples import read_samples
from synergy.diagnostics.subject import Subject
from synergy.file_hash import file_sha256
from synergy.statistics.bootstrap import bootstrap_means

NUM_DRAWS = 2000

#: of a response, by name: what people read, the number is computed by `_values`
EXPLAINERS: Mapping[str, str] = {
    "length": "length in words",
    "steps": "steps",
    "reflections": "reflections",
    "empty": "empty reflections",
    "false": "false steps that stand",
    "false_share": "share of statements that are false",
    "repeated": "share of phrases said before",
}
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is left of a gap, by the bootstrap over problems."""

    gap: tuple[float, float, float]  #: estimate, low, high
    left: tuple[float, float, float]
    explained: tuple[float, float, float]  #: gap − left


def gap(inquiry: Inquiry) -> Finding:
    """A row a subject, evaluation set and measure; raises LackingError where there is nothing to compare with."""
    against = compared_with(inquiry)
    rows: list[dict[str, Cell]] = []
    verdicts: list[Verdict] = []
    for subject in inquiry.subjects:
        for on, folder in subject.responses.items():
            if subject is against or on not in against.responses:
                continue
            ours = _values(inquiry, subject, folder)
            theirs = _values(inquiry, against, against.responses[on])
            if not set(ours) & set(theirs):
                continue
            found = {name: explained(ours, theirs, index, inquiry.seed) for index, name in enumerate(EXPLAINERS, 1)}
            for index, (name, each) in enumerate(found.items(), 1):
                rows.append(_row(subject.name, on, name, each) | _means(ours, theirs, index))
            verdicts.append(verdict(subject.name, on, against.name, found))
    return Finding(
        kind="finding",
        diagnostic="gap",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=against.name,
        method=(
            "Accuracy against the model compared with (RL alone, where that would be the base model), and what is left "
            "of the difference where one measure is held equal: least squares over responses, within problems. 95 % "
            "intervals by resampling problems. This adjusts and proves no cause."
        ),
        settings={"seed": inquiry.seed, "num_draws": NUM_DRAWS},
        verdicts=tuple(verdicts),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="set", title="problems of"),
            FindingColumn(name="measure", title="measure"),
            FindingColumn(name="ours", title="its mean"),
            FindingColumn(name="theirs", title="compared with"),
            FindingColumn(name="gap", title="gap", unit="points", low="gap_low", high="gap_high"),
            FindingColumn(name="left", title="left of it", unit="points", low="left_low", high="left_high"),
            FindingColumn(
                name="explained", title="goes with it", unit="points", low="explained_low", high="explained_high"
            ),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="measure", y="left"),),
    )


def compared_with(inquiry: Inquiry) -> Subject:
    """The arm of RL alone where what is compared with is the base model; else what is compared with."""
    alone = next((each for each in inquiry.subjects if each.recipe == "rl"), None)
    if alone is not None and (inquiry.against is None or inquiry.against.recipe == "base"):
        return alone
    if inquiry.against is None:
        raise LackingError("nothing to compare with; expected --against, or an arm of recipe rl")
    return inquiry.against


Values = Mapping[str, Sequence[Sequence[float]]]  #: by problem, of each response: right (0 or 1), then `EXPLAINERS`


def explained(ours: Values, theirs: Values, measure: int, seed: int) -> Left:
    """The gap ours − theirs, and what is left of it with the measure at that position held equal."""
    shared = [problem for problem in ours if problem in theirs]
    products = np.array([_products(ours[problem], theirs[problem], measure) for problem in shared])
    draws = bootstrap_means(products.T[:, None, :], seed=seed, num_draws=NUM_DRAWS)
    whole = products.mean(axis=0, keepdims=True)
    (gap_at, left_at), (gaps, lefts) = _coefficients(whole), _coefficients(draws)
    return Left(
        gap=_interval(gap_at[0], gaps),
        left=_interval(left_at[0], lefts),
        explained=_interval(gap_at[0] - left_at[0], gaps - lefts),
    )


def verdict(subject: str, on: str, against: str, found: Mapping[str, Left]) -> Verdict:
    """The measure that takes most of the gap away, where there is a gap and what it takes is sure."""
    estimate, low, high = next(iter(found.values())).gap
    words = f"{100 * estimate:+.1f} points against {against} ({100 * low:+.1f} … {100 * high:+.1f})"
    if low <= 0 <= high:
        return Verdict(subject=f"{subject} on {on}", name="no gap", because=f"{words}.")
    sign = 1 if estimate > 0 else -1
    sure = {
        name: each.explained[0] / estimate
        for name, each in found.items()
        if sign * each.explained[0] > 0 and (each.explained[1] > 0) == (each.explained[2] > 0)
    }
    if not sure:
        return Verdict(subject=f"{subject} on {on}", name="unexplained", because=f"{words}; no measure goes with it.")
    best = max(sure, key=lambda name: sure[name])
    return Verdict(
        subject=f"{subject} on {on}",
        name=EXPLAINERS[best],
        because=f"{words}; {100 * min(1.0, sure[best]):.0f} % of it goes with {EXPLAINERS[best]}.",
    )


def _products(
    ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]], measure: int
) -> Float[np.ndarray, "5"]:
    """Sums of products of a problem's responses about its means: aa, am, mm, ay, my."""
    arm = np.array([1.0] * len(ours) + [0.0] * len(theirs))
    both = np.array([*ours, *theirs])
    a, m, y = (each - each.mean() for each in (arm, both[:, measure], both[:, 0]))
    return np.array([a @ a, a @ m, m @ m, a @ y, m @ y])


def _coefficients(
    products: Float[np.ndarray, "num 5"],
) -> tuple[Float[np.ndarray, "num"], Float[np.ndarray, "num"]]:
    """The model's coefficient alone, and beside the measure; they are equal where the measure says nothing."""
    aa, am, mm, ay, my = products.T
    alone = ay / aa
    determinant = aa * mm - am * am
    is_free = determinant > 1e-12 * np.maximum(aa * mm, 1e-300)
    beside = np.divide(ay * mm - my * am, determinant, out=alone.copy(), where=is_free)
    return alone, beside


def _interval(estimate: float, draws: Float[np.ndarray, "num"]) -> tuple[float, float, float]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(estimate), float(low), float(high)


def _values(inquiry: Inquiry, subject: Subject, folder: Path) -> Values:
    computed_from = {"diagnostic": "gap", "version": _VERSION, "samples": file_sha256(folder / "samples.parquet")}

    def compute() -> dict[str, list[list[float]]]:
        inquiry.on_progress(subject.name, 0, 1)
        found: dict[str, list[list[float]]] = {}
        for sample in read_samples(folder):
            reflected = reflections(sample.text, sample.gold, sample.answer_kind)
            stated, _ = statements(sample)
            said = phrases(sample.text)
            num_false = sum(not each.true for each in stated)
            found.setdefault(sample.problem_id, []).append(
                [
                    float(sample.correct),
                    float(len(sample.text.split())),
                    float(len(steps(sample.text))),
                    float(len(reflected)),
                    float(sum(each.effect == "same" for each in reflected)),
                    float(sum(not each.true and not each.mended for each in stated)),
                    num_false / len(stated) if stated else 0.0,
                    num_repeated(said) / len(said) if said else 0.0,
                ]
            )
        return found

    return kept(inquiry.cache, computed_from, compute)


def _means(ours: Values, theirs: Values, index: int) -> dict[str, Cell]:
    return {
        name: float(np.mean([response[index] for problem in each.values() for response in problem]))
        for name, each in (("ours", ours), ("theirs", theirs))
    }


def _row(subject: str, on: str, name: str, found: Left) -> dict[str, Cell]:
    row: dict[str, Cell] = {"subject": subject, "set": on, "measure": EXPLAINERS[name]}
    for field, (estimate, low, high) in (("gap", found.gap), ("left", found.left), ("explained", found.explained)):
        row |= {field: estimate, f"{field}_low": low, f"{field}_high": high}
    return row
