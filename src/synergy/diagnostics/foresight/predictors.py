"""Which measure of an SFT checkpoint foretells how good the model will be after RL, and whether SFT's order turns over.

Each checkpoint is one pair; with as few as a study has, intervals are wide, and that is said.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict
from synergy.diagnostics.foresight.promises import SHOWN_KS, Promise, promises, shared_sets
from synergy.statistics.rank_correlation import RankCorrelation, spearman

MIN_CHECKPOINTS = 3  #: of fewer no order can be told; ours


def predictors(inquiry: Inquiry) -> Finding:
    """A row an evaluation set and predictor; raises LackingError below three checkpoints."""
    found = promises(inquiry)
    if len(found) < MIN_CHECKPOINTS:
        raise LackingError(f"{len(found)} SFT checkpoints that RL went on from; expected at least {MIN_CHECKPOINTS}")
    sets = shared_sets(found)
    rows = [row for name in sets for row in _rows(found, name)]
    ends = {
        name: {"low": f"{name}_low", "high": f"{name}_high", "name": name} for name in ("after_rl", "after_sft", "gain")
    }
    return Finding(
        kind="finding",
        diagnostic="predictors",
        about=tuple(each.descent.sft.name for each in found),
        against=None,
        method=(
            "Spearman's rank correlation over checkpoints of each measure with accuracy after RL, with accuracy after "
            "SFT and with what RL adds; 95 % intervals by Fisher's z with Bonett and Wright's variance. A loss that "
            "foretells well has a negative one. The order by SFT accuracy turns over where the interval of its "
            "correlation with accuracy after RL lies below 0, and is kept where it lies above."
        ),
        settings={"num_checkpoints": len(found), "seed": inquiry.seed},
        verdicts=tuple(_verdict(found, name) for name in sets),
        columns=(
            FindingColumn(name="set", title="accuracy on"),
            FindingColumn(name="predictor", title="measure of the SFT checkpoint"),
            FindingColumn.model_validate({"title": "correlation with accuracy after RL", **ends["after_rl"]}),
            FindingColumn.model_validate({"title": "with accuracy after SFT", **ends["after_sft"]}),
            FindingColumn.model_validate({"title": "with what RL adds", **ends["gain"]}),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="predictor", y="after_rl", by="set"),),
    )


def measures_of(found: Sequence[Promise], name: str) -> Mapping[str, list[float]]:
    """Each predictor's values over checkpoints; those that are missing for any are left out."""
    every: dict[str, list[float | None]] = {
        "held-out trace loss": [each.trace_loss for each in found],
        "entropy": [each.entropy for each in found],
        "expected variance of a group": [each.group_variance for each in found],
        **{f"pass@{k}": [each.pass_at.get(k) for each in found] for k in SHOWN_KS},
        "accuracy after SFT": [each.after_sft[name] for each in found],
    }
    return {
        measure: [value for value in values if value is not None]
        for measure, values in every.items()
        if None not in values
    }


def order_verdict(after_sft: Sequence[float], after_rl: Sequence[float]) -> tuple[str, str]:
    """Whether SFT's order of checkpoints is kept by RL, turns over, or is open; with the numbers."""
    found = spearman(after_sft, after_rl)
    word = "turns over" if found.high < 0 else "kept" if found.low > 0 else "open"
    inverted, num = _inverted(after_sft, after_rl)
    lost = max(after_rl) - after_rl[int(np.argmax(after_sft))]
    return word, (
        f"Accuracy after SFT against accuracy after RL over {found.num} checkpoints: {_told(found)}; {inverted} of "
        f"{num} pairs change places. Choosing by SFT accuracy ends {100 * lost:.1f} points below the best after RL."
    )


def _rows(found: Sequence[Promise], name: str) -> list[dict[str, Cell]]:
    after_sft = [each.after_sft[name] for each in found]
    after_rl = [each.after_rl[name] for each in found]
    gain = np.subtract(after_rl, after_sft).tolist()
    rows: list[dict[str, Cell]] = []
    for measure, values in measures_of(found, name).items():
        row: dict[str, Cell] = {"set": name, "predictor": measure}
        for column, outcome in (("after_rl", after_rl), ("after_sft", after_sft), ("gain", gain)):
            row |= _cells(column, spearman(values, outcome))
        rows.append(row)
    return rows


def _cells(column: str, found: RankCorrelation) -> dict[str, Cell]:
    values = {column: found.estimate, f"{column}_low": found.low, f"{column}_high": found.high}
    return {name: None if np.isnan(value) else value for name, value in values.items()}


def _verdict(found: Sequence[Promise], name: str) -> Verdict:
    word, because = order_verdict([each.after_sft[name] for each in found], [each.after_rl[name] for each in found])
    return Verdict(subject=name, name=word, because=because)


def _told(found: RankCorrelation) -> str:
    interval = "" if np.isnan(found.low) else f" (95 % {found.low:.2f} … {found.high:.2f})"
    return f"rank correlation {found.estimate:.2f}{interval}"


def _inverted(first: Sequence[float], second: Sequence[float]) -> tuple[int, int]:
    """How many pairs stand in opposite orders, of how many that differ in both."""
    places = range(len(first))
    signs = [(first[one] - first[two]) * (second[one] - second[two]) for one in places for two in places if one < two]
    return sum(sign < 0 for sign in signs), sum(sign != 0 for sign in signs)
