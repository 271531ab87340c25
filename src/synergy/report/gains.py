"""Gain over the baseline by level of difficulty: the first study's Figure 1 (2507.07562)."""

from markupsafe import Markup

from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, Value
from synergy.report.figure import Panel, figure
from synergy.report.gains_over import gains_over
from synergy.report.markup import Section, by_cell, percent, points
from synergy.report.view import StudyView
from synergy.studies.results import Cell, SetResults

_DODGE = 0.6  #: of a level's width, taken by all arms' marks together
_COLUMNS = (
    *("set", "level", "num_problems", "arm", "accuracy", "baseline_accuracy"),
    *("gain", "gain_low", "gain_high", "p_value"),
)


def gains(view: StudyView) -> Section | None:
    """The section; None where problems have no levels."""
    body = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix))
    return None if body is None else Section(id="gains", title="Gain by difficulty", body=body)


def _of_cell(view: StudyView, cell: Cell, prefix: str) -> Markup | None:
    rows: list[list[Value]] = []
    panels: list[Panel] = []
    for index, results in enumerate(cell.sets.values()):
        found = _rows(view, results)
        if found:
            rows += found
            name = f"{prefix}gains-{index}"
            title = results.title if len(cell.sets) > 1 else "all arms"
            panels.append(Panel(title=title, chart=_chart(view, results, found, name)))
            panels += _singles(view, results, found, name) if len(cell.sets) == 1 else []
    if not panels:
        return None
    caption = (
        f"Accuracy over {view.baseline} in points, by difficulty (1 easiest), with 95 % intervals, not corrected for "
        "their number. Marks of one level stand beside each other to be told apart."
    )
    return figure(
        view,
        panels=panels,
        caption=caption,
        arms=[arm for arm in view.arms if arm != view.baseline],
        data=DataTable(name=f"{prefix}gains_by_level", columns=_COLUMNS, rows=rows),
    )


def _rows(view: StudyView, results: SetResults) -> list[list[Value]]:
    rows: list[list[Value]] = []
    for level, column in view.levels(results).items():
        for arm, gain in gains_over(view.baseline, view.arms, column).items():
            accuracies = [100 * column.mean(each, "accuracy") for each in (arm, view.baseline)]
            bounds = [100 * value for value in (gain.estimate, gain.bound(0.025), gain.bound(0.975))]
            rows.append([results.name, level, column.num_problems, arm, *accuracies, *bounds, gain.p_value])
    return rows


def _singles(view: StudyView, results: SetResults, rows: list[list[Value]], name: str) -> list[Panel]:
    """A panel an arm, all with one scale, to be read against each other."""
    arms = list(dict.fromkeys(str(row[3]) for row in rows))
    ends = [float(bound or 0) for row in rows for bound in (row[7], row[8])]
    domain = (min(0.0, *ends) - 1, max(0.0, *ends) + 1)
    if len(arms) < 3:
        return []
    return [
        Panel(
            title=arm,
            chart=_chart(view, results, [row for row in rows if row[3] == arm], f"{name}-{place}", domain),
        )
        for place, arm in enumerate(arms)
    ]


def _chart(
    view: StudyView, results: SetResults, rows: list[list[Value]], name: str, domain: tuple[float, float] | None = None
) -> Markup:
    arms = list(dict.fromkeys(str(row[3]) for row in rows))
    marks: list[Mark] = []
    for _, level, _, arm, accuracy, _, gain, low, high, _ in rows:
        offset = (arms.index(str(arm)) - (len(arms) - 1) / 2) * _DODGE / len(arms)
        label = (
            f"{arm}, level {level}: {points(float(gain or 0) / 100)} points "
            f"[{points(float(low or 0) / 100)}, {points(float(high or 0) / 100)}], "
            f"accuracy {percent(float(accuracy or 0) / 100)} %"
        )
        marks.append(
            Mark(
                x=float(level or 0) + offset,
                y=float(gain or 0),
                low=float(low or 0),
                high=float(high or 0),
                arm=str(arm),
                label=label,
            )
        )
    levels = sorted({int(row[1] or 0) for row in rows})
    return draw(
        marks,
        name=name,
        title=f"Gain over {view.baseline} by level on {results.title}",
        x=Axis(title="level", domain=(levels[0] - 0.5, levels[-1] + 0.5), ticks=tuple(map(float, levels)), format="d"),
        y=Axis(title=f"gain over {view.baseline}, points", domain=domain),
        styles={arm: view.style(arm) for arm in arms},
        kind=ChartKind(joined=True, zero_line=True),
    )
