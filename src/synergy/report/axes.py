"""Accuracy along each axis of a study, SFT against RL."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, Value
from synergy.report.figure import Panel, figure
from synergy.report.gains_over import gains_over
from synergy.report.markup import Section, cell_label, lines, paragraph, percent, points
from synergy.report.view import StudyView
from synergy.studies.results import Cell

_COLUMNS = (
    *("axis", "label", "others", "arm", "num_problems", "accuracy"),
    *("over_rl", "over_rl_low", "over_rl_high"),
)


def axes(view: StudyView) -> Section | None:
    """The section; None for a study without axes of several points."""
    parts = [
        _of_axis(view, axis, [value.label for value in values], index)
        for index, (axis, values) in enumerate(view.study.axes.items())
        if len(values) > 1
    ]
    return Section(id="axes", title="Along the axes", body=lines(parts)) if parts else None


def _of_axis(view: StudyView, axis: str, labels: Sequence[str], number: int) -> Markup:
    groups: dict[str, dict[str, Cell]] = {}
    for cell in view.cells:
        others = {name: label for name, label in cell.axes.items() if name != axis}
        groups.setdefault(cell_label(others), {})[cell.axes[axis]] = cell
    rows: list[list[Value]] = []
    panels: list[Panel] = []
    notes: list[Markup] = []
    for index, (others, cells) in enumerate(groups.items()):
        found = [row for label in labels if label in cells for row in _rows(view, cells[label], axis, label, others)]
        rows += found
        panels.append(Panel(title=others, chart=_chart(view, found, axis, labels, f"axis-{number}-{index}")))
        notes += _reaches(view, cells, labels, axis, others)
    data = DataTable(name=f"axis_{axis}", columns=_COLUMNS, rows=rows)
    caption = f"Accuracy along {axis}; intervals are those of the difference to RL, drawn around the arm's accuracy."
    drawn = figure(view, panels=panels, caption=caption, arms=view.arms, data=data)
    return lines([Markup("<h3>{}</h3>").format(axis), drawn, *notes])


def _rows(view: StudyView, cell: Cell, axis: str, label: str, others: str) -> list[list[Value]]:
    column = view.overall(cell)
    rl = view.arm_of("rl")
    gains = gains_over(rl, view.arms, column) if rl is not None else {}
    rows: list[list[Value]] = []
    for arm in (arm for arm in view.arms if column.has(arm)):
        gain = gains.get(arm)
        bounds: list[Value] = [None] * 3
        if gain is not None:
            bounds = [100 * gain.estimate, 100 * gain.bound(0.025), 100 * gain.bound(0.975)]
        rows.append([axis, label, others, arm, column.num_problems, 100 * column.mean(arm, "accuracy"), *bounds])
    return rows


def _chart(view: StudyView, rows: list[list[Value]], axis: str, labels: Sequence[str], name: str) -> Markup:
    marks: list[Mark] = []
    for _, label, _, arm, _, accuracy, over, low, high in rows:
        y = float(accuracy or 0)
        text = f"{arm}, {axis} {label}: accuracy {percent(y / 100)} %"
        low_end = high_end = None
        if isinstance(over, float) and isinstance(low, float) and isinstance(high, float):
            text += f", {points(over / 100)} [{points(low / 100)}, {points(high / 100)}] over RL"
            low_end, high_end = y + low - over, y + high - over
        marks.append(Mark(x=str(label), y=y, low=low_end, high=high_end, arm=str(arm), label=text))
    return draw(
        marks,
        name=name,
        title=f"Accuracy along {axis}",
        x=Axis(title=axis, scale="category", order=tuple(labels)),
        y=Axis(title="accuracy, %"),
        styles={mark.arm: view.style(mark.arm) for mark in marks},
        kind=ChartKind(joined=True),
    )


def _reaches(view: StudyView, cells: Mapping[str, Cell], labels: Sequence[str], axis: str, others: str) -> list[Markup]:
    """The first point at which SFT has the accuracy that RL has at the last one."""
    sft, rl = view.arm_of("sft"), view.arm_of("rl")
    if sft is None or rl is None or labels[-1] not in cells:
        return []
    goal = _accuracy(view, cells[labels[-1]], rl)
    found = {label: _accuracy(view, cells[label], sft) for label in labels if label in cells}
    if goal is None:
        return []
    reached = next((label for label, value in found.items() if value is not None and value >= goal), None)
    where = f" ({others})" if others else ""
    last = f"{rl} at {labels[-1]}, {percent(goal)} %"
    if reached is None:
        return [paragraph(f"{sft} reaches the accuracy of {last}, at no point of {axis}{where}.")]
    return [
        paragraph(
            f"The first point of {axis} at which {sft} reaches the accuracy of {last}: {reached}{where}; "
            "estimates alone."
        )
    ]


def _accuracy(view: StudyView, cell: Cell, arm: str) -> float | None:
    column = view.overall(cell)
    return column.mean(arm, "accuracy") if column.has(arm) else None
