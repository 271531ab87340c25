"""Charts as still SVG inside the page: Altair describes them, vl-convert draws them.

Colours are the page's own variables, so that a chart follows light and dark; what a mark stands for is its label,
which screen readers say and the page shows at the pointer. What a chart may be made of is listed: anything else in the
renderer's output is an error.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree import ElementTree

import altair as alt
import vl_convert
from markupsafe import Markup

from synergy.report.view import ArmStyle

WIDTH, HEIGHT = 290, 200
_SVG = "http://www.w3.org/2000/svg"
_ALLOWED = ("svg", "g", "path", "line", "rect", "text", "tspan", "defs", "clipPath", "title")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One of a chart's two axes."""

    title: str
    scale: Literal["linear", "log", "symlog", "category"] = "linear"
    domain: tuple[float, float] | None = None
    ticks: tuple[float, ...] | None = None
    zero: bool = False  #: whether the axis reaches 0
    order: tuple[str, ...] | None = None  #: of categories
    format: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One point of a chart."""

    x: float | str
    y: float
    arm: str  #: whose colour, shape and dash
    label: str  #: what the mark says
    low: float | None = None  #: the ends of its interval
    high: float | None = None
    line: str = ""  #: marks of one arm and one line are joined


@dataclass(frozen=True, kw_only=True)
class ChartKind:
    """What is drawn of the marks."""

    joined: bool = False
    dotted: bool = True
    zero_line: bool = False
    thin: bool = False
    dodged: bool = False  #: marks of one category stand beside each other


def draw(
    marks: Sequence[Mark], *, name: str, title: str, x: Axis, y: Axis, styles: Mapping[str, ArmStyle], kind: ChartKind
) -> Markup:
    """One chart; `name` is unique on the page, `title` says to a screen reader what it is."""
    values = [{key: _plain(value) for key, value in vars(mark).items()} for mark in marks]
    arms = list(dict.fromkeys(mark.arm for mark in marks))
    looks: dict[str, Any] = {
        "color": alt.Color(
            "arm:N", scale=alt.Scale(domain=arms, range=[styles[arm].colour for arm in arms]), legend=None
        )
    }
    if kind.dodged:
        looks["xOffset"] = alt.XOffset("arm:N", sort=arms)
    x_axis = _axis(x, [mark.x for mark in marks])
    x_channel = alt.X("x:N" if x.scale == "category" else "x:Q", scale=_scale(x), axis=x_axis, sort=_order(x))
    base = alt.Chart(alt.Data(values=values)).encode(x=x_channel, **looks)
    y_channel = alt.Y("y:Q", scale=_scale(y), axis=_y_axis(y, [mark.y for mark in marks]))
    layers = _layers(base, marks, y_channel, styles, kind)
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, background="transparent")
    return _inline(vl_convert.vegalite_to_svg(_themed(chart).to_json(validate=False)), name, title)


def _layers(base: Any, marks: Sequence[Mark], y: Any, styles: Mapping[str, ArmStyle], kind: ChartKind) -> list[Any]:
    """From the back: the line at 0, intervals, lines, points."""
    arms = list(dict.fromkeys(mark.arm for mark in marks))
    layers: list[Any] = []
    if kind.zero_line:
        zero = alt.Chart(alt.Data(values=[{"y": 0}])).mark_rule(color="currentColor", opacity=0.7, aria=False)
        layers.append(zero.encode(y=y))
    if any(mark.low is not None for mark in marks):
        layers.append(
            base.mark_rule(strokeWidth=1.5, opacity=0.55, aria=False).encode(
                y=alt.Y("low:Q", scale=y["scale"], axis=y["axis"]), y2="high:Q"
            )
        )
    if kind.joined:
        dashes = alt.Scale(domain=arms, range=[list(styles[arm].dash) for arm in arms])
        line = base.mark_line(strokeWidth=1.3 if kind.thin else 1.8, aria=not kind.dotted).encode(
            y=y, strokeDash=alt.StrokeDash("arm:N", scale=dashes, legend=None), detail="line:N"
        )
        layers.append(line if kind.dotted else line.encode(description="label:N"))
    if kind.dotted:
        shapes = alt.Scale(domain=arms, range=[styles[arm].shape for arm in arms])
        layers.append(
            base.mark_point(filled=True, size=55, opacity=1).encode(
                y=y, shape=alt.Shape("arm:N", scale=shapes, legend=None), description="label:N"
            )
        )
    return layers


def _scale(axis: Axis) -> Any:
    if axis.scale == "category":
        return alt.Scale(padding=0.4)
    domain = list(axis.domain) if axis.domain else alt.Undefined
    padding = alt.Undefined if axis.domain or axis.zero else 10
    return alt.Scale(type=axis.scale, zero=axis.zero, domain=domain, nice=False, padding=padding)


def _axis(axis: Axis, at: Sequence[float | str]) -> Any:
    if axis.scale == "category":
        angle = -25 if axis.order and sum(map(len, axis.order)) > 30 else 0
        return alt.Axis(title=axis.title or None, labelAngle=angle, grid=False, labelLimit=120)
    return alt.Axis(title=axis.title, **_ticks(axis, at))


def _y_axis(axis: Axis, at: Sequence[float]) -> Any:
    """With its title above, to be read without turning the head."""
    place: dict[str, Any] = {
        "titleAngle": 0,
        "titleAlign": "left",
        "titleBaseline": "bottom",
        "titleY": -8,
        "titleX": -34,
    }
    return alt.Axis(title=axis.title, **place, **_ticks(axis, at))


def _ticks(axis: Axis, at: Sequence[float | str]) -> dict[str, Any]:
    if axis.ticks:
        return {"values": list(axis.ticks), "format": axis.format or ".2~f"}
    if axis.scale == "linear":
        return {"tickCount": 5}
    positive = [float(value) for value in at if float(value) > 0] or [1.0]
    low, high = 1.0 if axis.scale == "symlog" else min(positive) / 1.5, max(positive) * 1.5
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [factor * 10.0**power for power in powers for factor in (1, 2, 5) if low <= factor * 10.0**power <= high]
    if len(ticks) > 6:
        ticks = [tick for tick in ticks if math.log10(tick).is_integer()]
    if axis.scale == "symlog":
        return {"values": [0.0, *(tick for tick in ticks if tick >= 1)], "format": ",d"}
    return {"values": ticks, "format": "~s"}


def _order(axis: Axis) -> Any:
    return list(axis.order) if axis.order else alt.Undefined


def _themed(chart: Any) -> Any:
    return chart.configure_axis(
        labelColor="currentColor",
        titleColor="currentColor",
        domainColor="currentColor",
        tickColor="currentColor",
        gridColor="currentColor",
        gridOpacity=0.13,
        titleFontWeight="normal",
        titlePadding=8,
        labelFontSize=12,
        titleFontSize=12,
        labelFont="system-ui, sans-serif",
        titleFont="system-ui, sans-serif",
    ).configure_view(stroke=None)


def _plain(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _inline(svg: str, name: str, title: str) -> Markup:
    """The renderer's SVG with ids of its own, checked to hold nothing but shapes and text."""
    root = ElementTree.fromstring(svg)
    ids: dict[str, str] = {}
    for element in root.iter():
        tag = element.tag.removeprefix(f"{{{_SVG}}}")
        assert tag in _ALLOWED, f"{tag} in a chart"
        element.tag = tag
        if "id" in element.attrib:
            ids[element.attrib["id"]] = f"{name}-{len(ids)}"
            element.attrib["id"] = ids[element.attrib["id"]]
    for element in root.iter():
        for key, value in element.attrib.items():
            element.attrib[key] = _REFERENCE.sub(lambda found: f"url(#{ids[found[1]]})", value)
    root.attrib |= {"role": "group", "aria-label": title, "class": "chart"}
    return Markup(ElementTree.tostring(root, encoding="unicode"))
