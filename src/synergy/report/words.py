"""How often models use words of reasoning: the first study's Table 5 (2507.07562)."""

from markupsafe import Markup

from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, Value, html_table
from synergy.report.figure import Panel, beside, figure
from synergy.report.markup import Section, by_cell, lines, number
from synergy.report.responses import response_texts
from synergy.report.view import StudyView
from synergy.statistics.words import REASONING_WORDS, count_reasoning_words
from synergy.studies.results import Cell, SetResults


def words(view: StudyView) -> Section | None:
    """The section; None where nothing was evaluated."""
    body = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix))
    return None if body is None else Section(id="words", title="Words of reasoning", body=body)


def _of_cell(view: StudyView, cell: Cell, prefix: str) -> Markup:
    rows = [row for each in cell.sets.values() for arm in view.arms if arm in each.runs for row in _rows(each, arm)]
    titles = {each.name: each.title for each in cell.sets.values()}
    panels = [
        Panel(
            title=title if len(titles) > 1 else "",
            chart=_chart(view, [row for row in rows if row[1] == name], title, f"{prefix}words-{index}"),
        )
        for index, (name, title) in enumerate(titles.items())
    ]
    data = DataTable(
        name=f"{prefix}words", columns=("arm", "set", "word", "count", "num_responses", "per_1000_responses"), rows=rows
    )
    caption = "Words that begin with these letters, in any case, per 1,000 responses; the scale is logarithmic above 1."
    tables = [_table(view, [row for row in rows if row[1] == name], title) for name, title in titles.items()]
    return beside(figure(view, panels=panels, caption=caption, arms=view.arms, data=data), lines(tables))


def _rows(results: SetResults, arm: str) -> list[list[Value]]:
    texts = [each.text for run in results.runs[arm] for each in response_texts(run).values()]
    counts = [count_reasoning_words(text) for text in texts]
    totals = {word: sum(each[word] for each in counts) for word in REASONING_WORDS}
    return [[arm, results.name, word, total, len(texts), 1000 * total / len(texts)] for word, total in totals.items()]


def _table(view: StudyView, rows: list[list[Value]], title: str) -> Markup:
    body: list[list[Markup | str]] = []
    for arm in view.arms:
        found = [row for row in rows if row[0] == arm]
        if found:
            cells = [
                Markup('{}<br><span class="small">{}</span>').format(
                    number(float(row[5] or 0)), number(float(row[3] or 0), 0)
                )
                for row in found
            ]
            body.append([arm, number(float(found[0][4] or 0), 0), *cells])
    return html_table(
        f"{title}: words per 1,000 responses; below, how many in all", ["arm", "responses", *REASONING_WORDS], body
    )


def _chart(view: StudyView, rows: list[list[Value]], title: str, name: str) -> Markup:
    marks = [
        Mark(
            x=str(row[2]),
            y=float(row[5] or 0),
            arm=str(row[0]),
            label=f"{row[0]}: {row[2]} {number(float(row[5] or 0))} per 1,000 responses",
        )
        for row in rows
    ]
    return draw(
        marks,
        name=name,
        title=f"Words of reasoning on {title}",
        x=Axis(title="", scale="category", order=REASONING_WORDS),
        y=Axis(title="per 1,000 responses", scale="symlog", zero=True),
        styles={mark.arm: view.style(mark.arm) for mark in marks},
        kind=ChartKind(dodged=True),
    )
