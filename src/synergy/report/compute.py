"""Accuracy against what an arm cost: response tokens and floating-point operations."""

import numpy as np
from markupsafe import Markup

from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, Value
from synergy.report.figure import Panel, figure
from synergy.report.markup import Section, amount, by_cell, percent
from synergy.report.view import StudyView
from synergy.studies.plan_file import LedgerPart
from synergy.studies.results import Cell

_COLUMNS = (
    *("arm", "accuracy", "generated_tokens", "trained_tokens", "tokens"),
    *("nominal_flops", "executed_flops", "seconds"),
)
_KINDS = (("tokens", "generated + trained tokens", 4), ("FLOPs", "executed FLOPs", 6))


def compute(view: StudyView) -> Section | None:
    """The section; None where nothing was evaluated."""
    body = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix))
    return None if body is None else Section(id="compute", title="Accuracy against compute", body=body)


def arm_ledgers(view: StudyView, cell: Cell, arm: str) -> list[LedgerPart]:
    """What the arm's model took with each seed, shared steps in full, evaluation left out."""
    runs = [run for run in view.results.plan.runs if run.arm == arm and run.shown and run.axes == cell.axes]
    return [view.results.ledger(run) if run.stages else LedgerPart() for run in runs]


def _of_cell(view: StudyView, cell: Cell, prefix: str) -> Markup | None:
    column = view.overall(cell)
    rows = [_row(view, cell, arm, 100 * column.mean(arm, "accuracy")) for arm in view.arms if column.has(arm)]
    spent = [row for row in rows if row[4]]
    if not spent:
        return None
    base = next((float(row[1] or 0) for row in rows if row[0] == view.baseline), None)
    panels = [
        Panel(title=f"by {title}", chart=_chart(view, spent, place, axis, f"{prefix}compute-{index}"))
        for index, (title, axis, place) in enumerate(_KINDS)
    ]
    untrained = "" if base is None else f" {view.baseline} costs nothing and has {percent(base / 100)} %."
    caption = (
        "Mean of each arm's seeds. What arms share (an SFT model, a distillation) counts in full in each of them; "
        f"evaluation does not count.{untrained}"
    )
    return figure(
        view,
        panels=panels,
        caption=caption,
        arms=[str(row[0]) for row in spent],
        data=DataTable(name=f"{prefix}compute", columns=_COLUMNS, rows=rows),
    )


def _row(view: StudyView, cell: Cell, arm: str, accuracy: float) -> list[Value]:
    ledgers = arm_ledgers(view, cell, arm)

    def mean(field: str) -> float:
        return float(np.mean([getattr(each, field) for each in ledgers]))

    generated, trained = mean("generated_tokens"), mean("trained_tokens")
    rest = [mean(field) for field in ("nominal_flops", "executed_flops", "seconds")]
    return [arm, accuracy, generated, trained, generated + trained, *rest]


def _chart(view: StudyView, rows: list[list[Value]], place: int, axis: str, name: str) -> Markup:
    marks = [
        Mark(
            x=float(row[place] or 0),
            y=float(row[1] or 0),
            arm=str(row[0]),
            label=f"{row[0]}: {amount(float(row[place] or 0))} {axis}, accuracy {percent(float(row[1] or 0) / 100)} %",
        )
        for row in rows
        if row[place]
    ]
    return draw(
        marks,
        name=name,
        title=f"Accuracy against {axis}",
        x=Axis(title=axis, scale="log"),
        y=Axis(title="accuracy, %"),
        styles={mark.arm: view.style(mark.arm) for mark in marks},
        kind=ChartKind(),
    )
