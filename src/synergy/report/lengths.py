"""Accuracy against the length of responses."""

import numpy as np
from markupsafe import Markup

from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, Value, html_table
from synergy.report.figure import Panel, beside, figure
from synergy.report.markup import Section, by_cell, lines, number, percent
from synergy.report.view import StudyView
from synergy.statistics.length_buckets import bucket_name, length_bucket
from synergy.studies.results import Cell, SetResults

_COLUMNS = (
    *("arm", "set", "accuracy", "mean_tokens", "median_tokens", "p95_tokens"),
    *("mean_tokens_correct", "mean_tokens_not_correct", "truncated"),
)


def lengths(view: StudyView) -> Section | None:
    """The section; None where nothing was evaluated."""
    body = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix))
    return None if body is None else Section(id="lengths", title="Response length", body=body)


def _of_cell(view: StudyView, cell: Cell, prefix: str) -> Markup:
    by_set = {each.title: [_row(each, arm) for arm in view.arms if arm in each.runs] for each in cell.sets.values()}
    panels = [
        Panel(title=title if len(by_set) > 1 else "", chart=_chart(view, rows, title, f"{prefix}lengths-{index}"))
        for index, (title, rows) in enumerate(by_set.items())
    ]
    data = DataTable(name=f"{prefix}lengths", columns=_COLUMNS, rows=[row for rows in by_set.values() for row in rows])
    tables = [_table(title, rows) for title, rows in by_set.items()]
    tables += [_buckets(view, each, prefix) for each in cell.sets.values()]
    caption = "Accuracy against the mean number of tokens in a response, truncated ones included."
    return beside(figure(view, panels=panels, caption=caption, arms=view.arms, data=data), lines(tables))


def _row(results: SetResults, arm: str) -> list[Value]:
    runs = results.runs[arm]
    tokens = np.concatenate([run.num_tokens.ravel() for run in runs])
    correct = np.concatenate([np.nan_to_num(run.correct).ravel() for run in runs]) == 1
    means = [float(np.mean(part)) if len(part) else None for part in (tokens[correct], tokens[~correct])]
    spread = [float(value) for value in (tokens.mean(), np.median(tokens), np.quantile(tokens, 0.95))]
    truncated = float(np.mean([run.truncated.mean() for run in runs]))
    return [arm, results.name, 100 * float(correct.mean()), *spread, *means, 100 * truncated]


def _table(title: str, rows: list[list[Value]]) -> Markup:
    head = ["arm", "mean", "median", "95th pct.", "mean if right", "mean if not", "cut, %"]
    body = [[str(row[0]), *(_tokens(value) for value in row[3:8]), percent(float(row[8] or 0) / 100)] for row in rows]
    return html_table(f"{title}: tokens in a response", head, body)


def _buckets(view: StudyView, results: SetResults, prefix: str) -> Markup:
    """Accuracy of responses by their length; a problem's responses may be in several buckets."""
    arms = [arm for arm in view.arms if arm in results.runs]
    found = {arm: _by_bucket(results, arm) for arm in arms}
    buckets = sorted({bucket for each in found.values() for bucket in each})
    nothing = (float("nan"), 0)
    rows: list[list[Value]] = [
        [arm, results.name, bucket_name(bucket), 100 * found[arm][bucket][0], found[arm][bucket][1]]
        for arm in arms
        for bucket in buckets
        if bucket in found[arm]
    ]
    table = html_table(
        f"{results.title}: accuracy, %, of responses of so many tokens (and how many there are)",
        ["tokens", *arms],
        [[bucket_name(bucket), *(_share(*found[arm].get(bucket, nothing)) for arm in arms)] for bucket in buckets],
    )
    columns = ("arm", "set", "tokens", "accuracy", "num_responses")
    data = DataTable(name=f"{prefix}lengths_{results.name}_buckets", columns=columns, rows=rows)
    return lines([table, data.folded()])


def _by_bucket(results: SetResults, arm: str) -> dict[int, tuple[float, int]]:
    pairs: dict[int, list[float]] = {}
    for run in results.runs[arm]:
        for tokens, correct in zip(run.num_tokens.ravel().tolist(), np.nan_to_num(run.correct).ravel(), strict=True):
            pairs.setdefault(length_bucket(tokens), []).append(float(correct))
    return {bucket: (float(np.mean(each)), len(each)) for bucket, each in pairs.items()}


def _share(accuracy: float, num: int) -> str:
    return f"{percent(accuracy)} ({num:,})" if num else "–"


def _tokens(value: Value) -> str:
    return number(float(value), 0) if isinstance(value, int | float) else "–"


def _chart(view: StudyView, rows: list[list[Value]], title: str, name: str) -> Markup:
    marks = [
        Mark(
            x=max(1.0, float(row[3] or 0)),
            y=float(row[2] or 0),
            arm=str(row[0]),
            label=f"{row[0]}: {_tokens(row[3])} tokens, accuracy {percent(float(row[2] or 0) / 100)} %",
        )
        for row in rows
    ]
    return draw(
        marks,
        name=name,
        title=f"Accuracy against response length on {title}",
        x=Axis(title="mean tokens of a response", scale="log"),
        y=Axis(title="accuracy, %"),
        styles={mark.arm: view.style(mark.arm) for mark in marks},
        kind=ChartKind(),
    )
