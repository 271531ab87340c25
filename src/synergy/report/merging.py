"""Accuracy of the merged model over the SFT model's share: the first study's Figure 14 (2507.07562)."""

from markupsafe import Markup

from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, Value
from synergy.report.figure import Panel, figure
from synergy.report.markup import Section, by_cell, percent
from synergy.report.view import Column, StudyView, whole
from synergy.studies.results import Cell, SetResults

_COLUMNS = ("arm", "method", "set", "sft_ratio", "num_seeds", "accuracy", "gain")


def merging(view: StudyView) -> Section | None:
    """The section; None where no arm swept the ratio."""
    body = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix))
    return None if body is None else Section(id="merging", title="Merging", body=body)


def _of_cell(view: StudyView, cell: Cell, prefix: str) -> Markup | None:
    rows: list[list[Value]] = []
    panels: list[Panel] = []
    for index, results in enumerate(cell.sets.values()):
        found = _rows(view, results)
        if found:
            rows += found
            chart = _chart(view, found, results.title, f"{prefix}merging-{index}")
            panels.append(Panel(title=results.title if len(cell.sets) > 1 else "", chart=chart))
    if not panels:
        return None
    return figure(
        view,
        panels=panels,
        caption="Accuracy over the SFT model's share of the weights: 0 is the RL model, 1 the SFT model.",
        arms=list(dict.fromkeys(str(row[0]) for row in rows)),
        data=DataTable(name=f"{prefix}merging", columns=_COLUMNS, rows=rows),
    )


def _rows(view: StudyView, results: SetResults) -> list[list[Value]]:
    """Runs named ARM@RATIO are points of the arm's curve; they are not shown elsewhere."""
    rows: list[list[Value]] = []
    whole_set = Column(title=results.title, parts=(whole(results),))
    base = whole_set.mean(view.baseline, "accuracy") if whole_set.has(view.baseline) else None
    for name in results.runs:
        arm, at, ratio = name.partition("@")
        if not at or arm not in view.study.arms or view.study.arms[arm].recipe != "merging":
            continue
        accuracy = whole_set.mean(name, "accuracy")
        method = str(view.study.arms[arm].options.get("method", "linear"))
        gain = None if base is None else 100 * (accuracy - base)
        rows.append([arm, method, results.name, float(ratio), len(whole_set.seeds(name)), 100 * accuracy, gain])
    return sorted(rows, key=lambda row: (str(row[0]), float(row[3] or 0)))


def _chart(view: StudyView, rows: list[list[Value]], title: str, name: str) -> Markup:
    marks = [
        Mark(
            x=float(row[3] or 0),
            y=float(row[5] or 0),
            arm=str(row[0]),
            label=f"{row[0]} ({row[1]}), SFT share {row[3]}: accuracy {percent(float(row[5] or 0) / 100)} %",
        )
        for row in rows
    ]
    return draw(
        marks,
        name=name,
        title=f"Accuracy by SFT share on {title}",
        x=Axis(title="SFT share", domain=(0, 1), ticks=(0, 0.25, 0.5, 0.75, 1)),
        y=Axis(title="accuracy, %"),
        styles={mark.arm: view.style(mark.arm) for mark in marks},
        kind=ChartKind(joined=True),
    )
