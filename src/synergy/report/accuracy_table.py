"""The main table: arms down, families or benchmarks across, their mean, and the difference to the baseline."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from synergy.report.data_table import DataTable, Value, html_table
from synergy.report.gains_over import gains_over
from synergy.report.markup import Section, by_cell, lines, percent, points
from synergy.report.view import Column, StudyView
from synergy.statistics.bootstrap import BootstrapDifference, holm
from synergy.studies.results import Cell

LEVEL = 0.05
MIN_PROBLEMS = 10  #: of fewer all may agree by chance, and the bootstrap then takes that for certain
_NOTE = (
    "Accuracy in %; below it the difference to {baseline} in points with its 95 % interval (bootstrap paired by "
    "problem), then the share of responses that were cut off and of those in which no answer was found. "
    "▲ above and ▼ below {baseline}: p ≤ 0.05 after Holm's correction over the {num} comparisons of this table. "
    "Columns of fewer than {least} problems have no interval."
)


def accuracy_table(view: StudyView) -> Section | None:
    """The section; None where nothing was evaluated."""
    body = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix))
    return None if body is None else Section(id="accuracy", title="Accuracy", body=body)


def _of_cell(view: StudyView, cell: Cell, prefix: str) -> Markup:
    columns = [*view.columns(cell), view.overall(cell)]
    found = [gains_over(view.baseline, view.arms, column) for column in columns]
    enough = [column.num_problems >= MIN_PROBLEMS for column in columns]
    adjusted = _adjusted([gains if is_enough else {} for gains, is_enough in zip(found, enough, strict=True)])
    head = [
        "arm",
        *(Markup('{}<br><span class="small">n = {:,}</span>').format(c.title, c.num_problems) for c in columns),
    ]
    rows = [
        [
            arm,
            *(
                _cell(view, c, arm, gains.get(arm), adjusted[i].get(arm))
                for i, (c, gains) in enumerate(zip(columns, found, strict=True))
            ),
        ]
        for arm in view.arms
    ]
    caption = _NOTE.format(baseline=view.baseline, num=sum(map(len, adjusted)), least=MIN_PROBLEMS)
    data = _data(view, columns, found, adjusted, f"{prefix}accuracy")
    return lines([html_table(caption, head, rows, "accuracy"), data.folded()])


def _cell(
    view: StudyView, column: Column, arm: str, gain: BootstrapDifference | None, p_adjusted: float | None
) -> Markup | str:
    if not column.has(arm):
        return "–"
    below = [f"cut {percent(column.mean(arm, 'truncated'))} · unread {percent(column.mean(arm, 'unread'))}"]
    if column.num_unscored(arm):
        below.append(f"{column.num_unscored(arm):,} unscored")
    if gain is not None:
        bounds = f" [{points(gain.bound(0.025))}, {points(gain.bound(0.975))}]"
        below.insert(0, points(gain.estimate) + (bounds if column.num_problems >= MIN_PROBLEMS else ""))
    return Markup('<strong>{}</strong>{}<br><span class="small">{}</span>').format(
        percent(column.mean(arm, "accuracy")), _sign(gain, p_adjusted), Markup("<br>").join(below)
    )


def _sign(gain: BootstrapDifference | None, p_adjusted: float | None) -> Markup:
    if gain is None or p_adjusted is None or p_adjusted > LEVEL:
        return Markup("")
    css, sign, words = ("up", "▲", "above") if gain.estimate > 0 else ("down", "▼", "below")
    return Markup(' <span class="{}" title="significantly {} the baseline">{}</span>').format(css, words, sign)


def _adjusted(found: Sequence[Mapping[str, BootstrapDifference]]) -> list[dict[str, float]]:
    """Holm's p-values over all comparisons, in the shape of `found`."""
    places = [(index, arm) for index, gains in enumerate(found) for arm in gains]
    corrected: list[dict[str, float]] = [{} for _ in found]
    if places:
        for (index, arm), p in zip(places, holm([found[i][arm].p_value for i, arm in places]), strict=True):
            corrected[index][arm] = float(p)
    return corrected


def _data(
    view: StudyView,
    columns: Sequence[Column],
    found: Sequence[Mapping[str, BootstrapDifference]],
    adjusted: Sequence[Mapping[str, float]],
    name: str,
) -> DataTable:
    rows: list[list[Value]] = []
    for index, column in enumerate(columns):
        for arm in (arm for arm in view.arms if column.has(arm)):
            gain = found[index].get(arm)
            bounds: list[Value] = [None] * 4
            if gain is not None:
                bounds[0] = 100 * gain.estimate
            if gain is not None and column.num_problems >= MIN_PROBLEMS:
                bounds[1:] = [100 * gain.bound(0.025), 100 * gain.bound(0.975), gain.p_value]
            shares = [100 * column.mean(arm, field) for field in ("accuracy", "truncated", "unread")]
            rows.append(
                [
                    arm,
                    column.title,
                    column.num_problems,
                    len(column.seeds(arm)),
                    *shares,
                    column.num_unscored(arm),
                    *bounds,
                    adjusted[index].get(arm),
                ]
            )
    names = ("arm", "column", "num_problems", "num_seeds", "accuracy", "truncated", "unread", "num_unscored")
    return DataTable(name=name, columns=(*names, "gain", "gain_low", "gain_high", "p_value", "p_adjusted"), rows=rows)
