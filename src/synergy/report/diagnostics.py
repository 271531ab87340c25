"""What `synergy diagnose` found about the study's models: a section a diagnostic, folded texts to read in it."""

import re
from collections.abc import Sequence

from markupsafe import Markup

from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, FindingExample, read_findings
from synergy.diagnostics.registry import DIAGNOSTICS
from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, html_table
from synergy.report.figure import Panel, figure
from synergy.report.markup import Section, lines, number, paragraph, percent, points
from synergy.report.view import ArmStyle, StudyView

FOLDER = "diagnostics"
_MOST_ROWS = 12  #: a longer table is folded


def diagnostics(view: StudyView) -> Section | None:
    """The section; None where nothing was diagnosed yet."""
    order = list(DIAGNOSTICS)
    found = [each for each in read_findings(view.results.folder / FOLDER) if each.diagnostic in DIAGNOSTICS]
    if not found:
        return None
    found.sort(key=lambda each: order.index(each.diagnostic))
    parts = [*([_glance(judged, view.arms)] if (judged := [each for each in found if each.verdicts]) else [])]
    parts += [_finding(view, each) for each in found]
    return Section(id="diagnostics", title="Diagnostics", body=lines(parts))


def _glance(found: Sequence[Finding], arms: Sequence[str]) -> Markup:
    """A line an arm with the words of its verdicts; verdicts on several arms together stand with their finding."""
    words = {arm: [", ".join(_words(each, arm)) for each in found] for arm in arms}
    shown = [place for place in range(len(found)) if any(row[place] for row in words.values())]
    rows = [[arm, *(row[place] or "–" for place in shown)] for arm, row in words.items() if any(row)]
    head = ["arm", *(DIAGNOSTICS[found[place].diagnostic].title for place in shown)]
    return html_table("Verdicts at a glance; what each rests on stands below.", head, rows)


def _words(finding: Finding, arm: str) -> list[str]:
    """The words of verdicts on one arm's models, each once."""
    of_arm = (each for each in finding.verdicts if re.fullmatch(rf"{re.escape(arm)}(, [^,]*)*?( on .*)?", each.subject))
    return list(dict.fromkeys(each.name for each in of_arm if " and " not in each.subject))


def _finding(view: StudyView, finding: Finding) -> Markup:
    asked = DIAGNOSTICS[finding.diagnostic]
    against = f" Compared with {finding.against}." if finding.against else ""
    parts = [
        Markup("<h3>{}</h3>").format(asked.title),
        paragraph(f"{asked.question} {finding.method}{against}"),
        *([_verdicts(finding)] if finding.verdicts else []),
        _table(finding),
        *([_figure(view, finding, curves)] if (curves := _drawable(finding)) else []),
        *(_example(each) for each in finding.examples),
        paragraph(f"Source: {asked.source}.", css="small"),
    ]
    return lines(parts)


def _verdicts(finding: Finding) -> Markup:
    items = [
        Markup("<li>{}: <strong>{}</strong>. {}</li>").format(each.subject, each.name, each.because)
        for each in finding.verdicts
    ]
    return Markup("<ul>{}</ul>").format(Markup("").join(items))


def _table(finding: Finding) -> Markup:
    rows = [[_cell(column, row) for column in finding.columns] for row in finding.rows]
    table = html_table("", [_heading(column) for column in finding.columns], rows)
    if len(rows) <= _MOST_ROWS:
        return table
    return Markup('<details class="data"><summary>Table of {} rows</summary>{}</details>').format(len(rows), table)


def _drawable(finding: Finding) -> list[FindingCurve]:
    """Curves with a point."""

    def has_point(curve: FindingCurve) -> bool:
        return any(row.get(curve.x) is not None and isinstance(row.get(curve.y), int | float) for row in finding.rows)

    return [curve for curve in finding.curves if has_point(curve)]


def _figure(view: StudyView, finding: Finding, curves: Sequence[FindingCurve]) -> Markup:
    names = list(dict.fromkeys(str(row.get("subject")) for row in finding.rows if row.get("subject") is not None))
    panels = [
        Panel(title=_title(finding, curve.y), chart=_chart(view, finding, curve, index))
        for index, curve in enumerate(curves)
    ]
    columns = tuple(dict.fromkeys(name for row in finding.rows for name in row))
    data = DataTable(
        name=finding.diagnostic, columns=columns, rows=[[row.get(name) for name in columns] for row in finding.rows]
    )
    arms = list(dict.fromkeys(_arm(name) for name in names if _arm(name) in view.arms))  # seeds share a look
    return figure(view, panels=panels, caption="Bars are 95 % intervals, where there are any.", arms=arms, data=data)


def _chart(view: StudyView, finding: Finding, curve: FindingCurve, index: int) -> Markup:
    across, column = _column(finding, curve.x), _column(finding, curve.y)
    across_scale, scale = (100.0 if each.unit in ("%", "points") else 1.0 for each in (across, column))
    marks = [
        Mark(
            x=across_scale * x if isinstance(x, int | float) else str(x),
            y=scale * float(y),
            arm=str(row.get(curve.by)),
            label=f"{row.get(curve.by)}, {x}: {_cell(column, row)}",
            low=_scaled(row, column.low, scale),
            high=_scaled(row, column.high, scale),
            line=str(row.get(curve.by)),
        )
        for row in finding.rows
        if (x := row.get(curve.x)) is not None and isinstance(y := row.get(curve.y), int | float)
    ]
    is_numeric = all(isinstance(mark.x, int | float) for mark in marks)
    words = tuple(dict.fromkeys(str(mark.x) for mark in marks))
    return draw(
        marks,
        name=f"{finding.diagnostic}-{index}",
        title=_title(finding, curve.y),
        x=Axis(title=_heading(across)) if is_numeric else Axis(title="", scale="category", order=words),
        y=Axis(title=_heading(column), zero=not is_numeric),
        styles=_styles(view, [mark.arm for mark in marks]),
        kind=ChartKind(joined=is_numeric, dodged=not is_numeric),
    )


def _styles(view: StudyView, names: Sequence[str]) -> dict[str, ArmStyle]:
    """Those of arms, and for lines that are no arms those of the study's arms in turn."""
    others = [name for name in dict.fromkeys(names) if _arm(name) not in view.arms]
    turns = {name: view.arms[index % len(view.arms)] for index, name in enumerate(others)}
    return {name: view.style(turns.get(name, _arm(name))) for name in names}


def _example(example: FindingExample) -> Markup:
    parts = [
        Markup('<span class="{}" style="--strength: {}" title="{}">{}</span>').format(
            "more" if part.value >= 0 else "less", f"{abs(part.value):.2f}", part.label, part.text
        )
        if part.value is not None
        else Markup("{}").format(part.text)
        for part in example.parts
    ]
    return Markup('<details class="example"><summary>{}</summary><pre>{}</pre></details>').format(
        example.title, Markup("").join(parts)
    )


def _arm(name: str) -> str:
    return name.partition(", ")[0]


def _scaled(row: dict[str, Cell], name: str | None, scale: float) -> float | None:
    value = row.get(name) if name else None
    return scale * float(value) if isinstance(value, int | float) else None


def _column(finding: Finding, name: str) -> FindingColumn:
    """Of that name; one without a unit where the table does not show it."""
    return next((each for each in finding.columns if each.name == name), FindingColumn(name=name, title=name))


def _title(finding: Finding, name: str) -> str:
    return _column(finding, name).title


def _heading(column: FindingColumn) -> str:
    return f"{column.title}, {column.unit}" if column.unit else column.title


def _cell(column: FindingColumn, row: dict[str, Cell]) -> str:
    text = _value(row.get(column.name), column.unit)
    if column.low is None or column.high is None or row.get(column.low) is None:
        return text
    return f"{text} ({_value(row.get(column.low), column.unit)} … {_value(row.get(column.high), column.unit)})"


def _value(value: Cell, unit: str) -> str:
    if isinstance(value, float):
        return points(value) if unit == "points" else percent(value) if unit == "%" else number(value, _digits(value))
    return "–" if value is None else str(value)


def _digits(value: float) -> int:
    return 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 3
