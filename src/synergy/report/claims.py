"""The registry's claims, judged in this study."""

from markupsafe import Markup

from synergy.report.data_table import DataTable, Value, html_table
from synergy.report.markup import Section, lines, number, paragraph, points
from synergy.report.view import StudyView
from synergy.statistics.bootstrap import MIN_SEEDS
from synergy.studies.claims.claim import ClaimResult
from synergy.studies.claims.registry import judge_all

_SIGNS = {
    "supported": ("up", "✓"),
    "refuted": ("down", "✗"),
    "inconclusive": ("open", "○"),
    "cannot judge": ("open", "–"),
}
_COLUMNS = (
    *("name", "part", "source", "statement", "verdict", "unit"),
    *("estimate", "low", "high", "p_value", "p_adjusted", "needs", "note"),
)
_ACCURACY = "accuracy"


def claims(view: StudyView) -> Section | None:
    """The section; None where the study asks about no claim."""
    found = judge_all(view.results)
    if not found:
        return None
    num_judged = sum(each.verdict != "cannot judge" for each in found)
    intro = (
        f"What the papers claim, asked of this study: {num_judged} of {len(found)} claims can be judged here. Verdicts "
        "are corrected by Holm's method over all claims of the registry that the study can judge; intervals are 95 %, "
        "of each claim alone."
    )
    if view.num_seeds < MIN_SEEDS:
        intro += " Below three seeds a verdict speaks of this run, not of the methods."
    rows = [_row(each) for each in found]
    table = html_table("Claims", ["claim", "verdict", "estimate", "p (Holm)", "source"], rows, "claims")
    data = DataTable(name="claims", columns=_COLUMNS, rows=[row for each in found for row in _values(each)])
    return Section(id="claims", title="Claims", body=lines([paragraph(intro), table, data.folded()]))


def _row(result: ClaimResult) -> list[Markup | str]:
    css, sign = _SIGNS[result.verdict]
    note = Markup('<br><span class="small">{}</span>').format(result.note) if result.note else Markup("")
    details = [
        Markup("<li>{}: {}</li>").format(label, _estimate(value, low, high, result.unit))
        for label, value, low, high in result.details
    ]
    folded = Markup('<details class="small"><summary>in parts</summary><ul>{}</ul></details>')
    return [
        Markup("{}{}{}").format(
            result.statement, note, folded.format(Markup("").join(details)) if details else Markup("")
        ),
        Markup('<span class="{}">{} {}</span>').format(css, sign, result.verdict),
        _estimate(result.estimate, result.low, result.high, result.unit),
        "–" if result.p_adjusted is None else f"{result.p_adjusted:.3g}",
        result.source,
    ]


def _estimate(value: float | None, low: float | None, high: float | None, unit: str) -> str:
    """A difference of accuracies in points, anything else in its own unit."""
    if value is None:
        return "–"
    form = points if unit == _ACCURACY else _two_digits
    bounds = "" if low is None or high is None else f" [{form(low)}, {form(high)}]"
    return f"{form(value)}{bounds} {'points' if unit == _ACCURACY else unit}"


def _two_digits(value: float) -> str:
    return number(value, 2)


def _values(result: ClaimResult) -> list[list[Value]]:
    whole: list[Value] = [result.estimate, result.low, result.high, result.p_value, result.p_adjusted]
    about: list[Value] = [result.source, result.statement, result.verdict, result.unit]
    rows: list[list[Value]] = [[result.name, "", *about, *whole, ", ".join(result.needs), result.note]]
    for label, value, low, high in result.details:
        rows.append([result.name, label, *about, value, low, high, None, None, "", ""])
    return rows
