"""Synergy of every combination, by level and overall: how much it beats both SFT alone and RL alone."""

from collections import defaultdict
from dataclasses import dataclass

from markupsafe import Markup

from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, html_table
from synergy.report.figure import Panel, figure
from synergy.report.gains_over import SEED
from synergy.report.markup import Section, by_cell, lines, paragraph, points
from synergy.report.view import Column, StudyView, whole
from synergy.statistics.bootstrap import as_scores, bootstrap_means, difference
from synergy.statistics.synergy import SynergyEstimate, SynergyVerdict
from synergy.studies.results import Cell, SetResults

_SIGNS = {SynergyVerdict.POSITIVE: "▲", SynergyVerdict.NEGATIVE: "▼", SynergyVerdict.INCONCLUSIVE: "○"}
_CSS = {SynergyVerdict.POSITIVE: "up", SynergyVerdict.NEGATIVE: "down", SynergyVerdict.INCONCLUSIVE: "open"}
_COLUMNS = (
    *("arm", "set", "level", "num_problems", "num_seeds", "synergy", "low", "high"),
    *("over_sft", "over_rl", "verdict"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    arm: str
    column: Column
    estimate: SynergyEstimate


def synergy_table(view: StudyView) -> Section | None:
    """The section; None where the study has no combination, or lacks SFT or RL alone."""
    sft, rl = view.arm_of("sft"), view.arm_of("rl")
    if not view.combinations or sft is None or rl is None:
        return None
    body = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix, sft, rl))
    if body is None:
        return None
    intro = paragraph(
        f"Synergy is the smaller of two differences: combination − {sft} and combination − {rl}. Verdicts: ▲ positive, "
        "both one-sided 95 % lower bounds are above 0; ▼ negative, one of the 97.5 % upper bounds is below 0; "
        "○ inconclusive. Each is false at most 5 % of the time by itself; they are not corrected for their number."
    )
    return Section(id="synergy", title="Synergy", body=lines([intro, body]))


def _of_cell(view: StudyView, cell: Cell, prefix: str, sft: str, rl: str) -> Markup | None:
    parts = [_of_set(view, each, f"{prefix}synergy-{index}", sft, rl) for index, each in enumerate(cell.sets.values())]
    found = [part for part in parts if part is not None]
    return lines(found) if found else None


def _of_set(view: StudyView, results: SetResults, name: str, sft: str, rl: str) -> Markup | None:
    columns = [*view.levels(results).values(), Column(title="all", parts=(whole(results),))]
    found = [each for column in columns for each in _estimates(view, column, sft, rl)]
    if not found:
        return None
    arms = [arm for arm in view.combinations if any(each.arm == arm for each in found)]
    head = [
        "arm",
        *(Markup('{}<br><span class="small">n = {:,}</span>').format(c.title, c.num_problems) for c in columns),
    ]
    rows = [
        [arm, *(_cell(next((e for e in found if e.arm == arm and e.column is column), None)) for column in columns)]
        for arm in arms
    ]
    caption = f"{results.title}: synergy in points, with its one-sided 95 % bounds and verdict"
    panels = [Panel(title=arm, chart=_chart(view, arm, found, f"{name}-{index}")) for index, arm in enumerate(arms)]
    data = DataTable(name=name, columns=_COLUMNS, rows=[_row(each, results) for each in found])
    return lines(
        [
            html_table(caption, head, rows, "accuracy"),
            figure(
                view, panels=panels, caption=f"{results.title}: synergy by level, with its bounds", arms=[], data=data
            ),
        ]
    )


def _estimates(view: StudyView, column: Column, sft: str, rl: str) -> list[_Found]:
    """Every combination's synergy in a column, as `statistics.synergy` has it; problems are drawn once for all arms."""
    if not column.has(sft) or not column.has(rl):
        return []
    have = set(column.seeds(sft)) & set(column.seeds(rl))
    shared: defaultdict[tuple[int, ...], list[str]] = defaultdict(list)
    for arm in view.combinations:
        if column.has(arm):
            shared[tuple(seed for seed in column.seeds(arm) if seed in have)].append(arm)
    found: list[_Found] = []
    for seeds, arms in shared.items():
        if seeds:
            scores = as_scores([column.parts[0].scores(arm, seeds) for arm in (*arms, sft, rl)])
            means = bootstrap_means(scores, seed=SEED)
            for at, arm in enumerate(arms):
                over_sft, over_rl = (difference(scores, means, at, len(arms) + k, seed=SEED) for k in (0, 1))
                estimate = SynergyEstimate(over_sft=over_sft, over_rl=over_rl, num_seeds=len(seeds))
                found.append(_Found(arm=arm, column=column, estimate=estimate))
    return found


def _cell(found: _Found | None) -> Markup | str:
    if found is None:
        return "–"
    each = found.estimate
    return Markup('<strong>{}</strong> <span class="{}">{} {}</span><br><span class="small">[{}, {}]</span>').format(
        points(each.estimate),
        _CSS[each.verdict],
        _SIGNS[each.verdict],
        each.verdict,
        points(each.low),
        points(each.high),
    )


def _row(found: _Found, results: SetResults) -> list[str | float | int | None]:
    each = found.estimate
    values = (each.estimate, each.low, each.high, each.over_sft.estimate, each.over_rl.estimate)
    level = found.column.title.removeprefix("L")
    seeds, num = each.num_seeds, found.column.num_problems
    return [found.arm, results.name, level, num, seeds, *(100 * value for value in values), str(each.verdict)]


def _chart(view: StudyView, arm: str, found: list[_Found], name: str) -> Markup:
    ends = [100 * bound for each in found for bound in (each.estimate.low, each.estimate.high)]
    marks = [
        Mark(
            x=each.column.title,
            y=100 * each.estimate.estimate,
            low=100 * each.estimate.low,
            high=100 * each.estimate.high,
            arm=arm,
            label=f"{arm}, {each.column.title}: {points(each.estimate.estimate)} points "
            f"[{points(each.estimate.low)}, {points(each.estimate.high)}], {each.estimate.verdict}",
        )
        for each in found
        if each.arm == arm
    ]
    return draw(
        marks,
        name=name,
        title=f"Synergy of {arm} by level",
        x=Axis(title="level", scale="category", order=tuple(str(mark.x) for mark in marks)),
        y=Axis(title="synergy, points", domain=(min(0.0, *ends) - 1, max(0.0, *ends) + 1)),
        styles={arm: view.style(arm)},
        kind=ChartKind(zero_line=True),
    )
