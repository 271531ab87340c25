"""The ledger: what each arm took, and what the whole study did."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from synergy.report.compute import arm_ledgers
from synergy.report.data_table import DataTable, Value, html_table
from synergy.report.markup import Section, amount, by_cell, lines, paragraph
from synergy.report.view import StudyView
from synergy.studies.plan_file import LedgerPart
from synergy.studies.results import Cell, sum_ledgers

_TITLES = {
    "generated_tokens": "generated tokens",
    "trained_tokens": "trained tokens",
    "update_tokens": "update tokens",
    "evaluation_tokens": "evaluation tokens",
    "images": "images",
    "nominal_flops": "nominal FLOPs",
    "executed_flops": "executed FLOPs",
    "seconds": "seconds",
    "peak_memory_bytes": "peak memory, bytes",
}
_BUDGET = ("generated_tokens", "trained_tokens")
_MATCHED = 2.0  #: times the smallest budget, up to which arms are called matched; ours
_CAPTION = (
    "Mean of an arm's seeds; steps that arms share count in full in each. Nominal FLOPs are 2N a generated and 6N a "
    "trained response token; executed ones are of all tokens that were run, prompts included."
)


def ledger(view: StudyView) -> Section:
    """The section."""
    parts = [by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix)), _whole(view)]
    return Section(id="ledger", title="Ledger", body=lines([part for part in parts if part is not None]))


def _of_cell(view: StudyView, cell: Cell, prefix: str) -> Markup:
    rows: list[list[Value]] = []
    for arm in view.arms:
        parts = arm_ledgers(view, cell, arm)
        if parts:
            rows.append([arm, *(float(np.mean([getattr(part, field) for part in parts])) for field in _TITLES)])
    table = html_table(_CAPTION, ["arm", *_TITLES.values()], [_shown(row) for row in rows])
    return lines(
        [_budgets(rows), table, DataTable(name=f"{prefix}ledger", columns=("arm", *_TITLES), rows=rows).folded()]
    )


def _budgets(rows: Sequence[Sequence[Value]]) -> Markup:
    """How far the trained arms' budgets are apart."""
    places = [1 + list(_TITLES).index(field) for field in _BUDGET]
    budgets = {str(row[0]): sum(float(row[place] or 0) for place in places) for row in rows}
    trained = {arm: budget for arm, budget in budgets.items() if budget}
    if len(trained) < 2:
        return Markup("")
    least, most = min(trained, key=lambda arm: trained[arm]), max(trained, key=lambda arm: trained[arm])
    times = trained[most] / trained[least]
    return paragraph(
        f"Budgets, generated and trained tokens together: from {amount(trained[least])} ({least}) to "
        f"{amount(trained[most])} ({most}), {times:.1f} times as many. "
        + ("Arms this far apart are not matched by compute." if times > _MATCHED else "All arms are within that."),
        "warning" if times > _MATCHED else "",
    )


def _whole(view: StudyView) -> Markup:
    """Every step that is done, once, by what it did."""
    steps = [step for step in view.results.plan.steps.values() if step.done]
    by_kind: dict[str, list[LedgerPart]] = {}
    for step in steps:
        by_kind.setdefault(step.kind, []).append(step.ledger or LedgerPart())
    totals = {f"{kind} × {len(parts):,}": sum_ledgers(parts) for kind, parts in by_kind.items()}
    totals["all"] = sum_ledgers([part for parts in by_kind.values() for part in parts])
    rows: list[list[Value]] = [[name, *(getattr(part, field) for field in _TITLES)] for name, part in totals.items()]
    table = html_table("The whole study: each step once", ["steps", *_TITLES.values()], [_shown(row) for row in rows])
    return lines([table, DataTable(name="ledger_whole_study", columns=("steps", *_TITLES), rows=rows).folded()])


def _shown(row: Sequence[Value]) -> list[str]:
    return [str(row[0]), *(amount(float(value or 0)) for value in row[1:])]
