"""A figure of the page: panels side by side, one legend for all of them, a caption, and the data."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from synergy.report.data_table import DataTable
from synergy.report.view import ArmStyle, StudyView

#: the shapes of `view.SHAPES` around 0, 0, to draw a legend
_OUTLINES = {
    "circle": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
    "square": "M-3.6,-3.6h7.2v7.2h-7.2Z",
    "triangle-up": "M0,-4.2L4.4,3.6H-4.4Z",
    "diamond": "M0,-5L4,0L0,5L-4,0Z",
    "cross": "M-4.4,-1.5h2.9v-2.9h3v2.9h2.9v3h-2.9v2.9h-3v-2.9h-2.9Z",
    "triangle-down": "M0,4.2L4.4,-3.6H-4.4Z",
    "triangle-right": "M4.2,0L-3.6,4.4V-4.4Z",
    "triangle-left": "M-4.2,0L3.6,4.4V-4.4Z",
}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One chart of a figure."""

    title: str
    chart: Markup


def figure(view: StudyView, *, panels: Sequence[Panel], caption: str, arms: Sequence[str], data: DataTable) -> Markup:
    """The whole of it; `arms` stand in the legend."""
    shown = [
        Markup('<div class="panel"><h4>{}</h4>{}</div>').format(panel.title, panel.chart)
        if panel.title
        else Markup('<div class="panel">{}</div>').format(panel.chart)
        for panel in panels
    ]
    return Markup('<figure>\n{}\n<div class="panels">{}</div>\n<figcaption>{}</figcaption>\n{}\n</figure>').format(
        legend(view, arms), Markup("\n").join(shown), caption, data.folded()
    )


def legend(view: StudyView, arms: Sequence[str]) -> Markup:
    """Each arm's line and shape with its name."""
    if not arms:
        return Markup("")
    items = [Markup("<li>{}{}</li>").format(symbol(view.style(arm)), arm) for arm in arms]
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(items))


def symbol(style: ArmStyle) -> Markup:
    """An arm's line and shape, small."""
    return Markup(
        '<svg aria-hidden="true" width="32" height="12" viewBox="-16 -6 32 12"><path d="M-16,0H16" stroke="{}" '
        'stroke-width="1.8" stroke-dasharray="{}"/><path d="{}" fill="{}"/></svg>'
    ).format(
        style.colour,
        "none" if style.dash == (1, 0) else " ".join(map(str, style.dash)),
        _OUTLINES[style.shape],
        style.colour,
    )


def beside(first: Markup, second: Markup) -> Markup:
    """A figure and its table, side by side where there is room."""
    return Markup('<div class="beside"><div>{}</div><div>{}</div></div>').format(first, second)
