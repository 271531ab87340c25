"""The chart of growth as SVG: time and memory against group size and image tokens, both axes logarithmic.

Written by hand, as this one picture is not worth a plotting library. Imports no torch.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

_WIDTH, _HEIGHT, _MARGIN = 360, 260, 56  #: of one panel, and of the space around its field
_COLOURS = {"theirs": "#b2452f", "ours": "#1f6f8b"}
_NAMES = {"theirs": "TRL 1.16", "ours": "Synergy"}
_SWEEPS = {"group_size": "responses per problem (G)", "image_tokens": "image tokens"}
_MEASURES = {"seconds": ("seconds", 1.0), "added_bytes": ("MB added", 1e-6)}


def write_chart(path: Path, growth: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Four panels from the result of the row `growth`."""
    width, height = _WIDTH * len(_SWEEPS), _HEIGHT * len(_MEASURES)
    svg = Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}")
    SubElement(svg, "rect", width=str(width), height=str(height), fill="white")
    for column, (sweep, x_label) in enumerate(_SWEEPS.items()):
        for row, (measure, (y_label, scale)) in enumerate(_MEASURES.items()):
            lines = {
                side: [(float(point["size"]), point[side][measure] * scale) for point in growth[sweep]]
                for side in _COLOURS
            }
            panel = SubElement(svg, "g", transform=f"translate({column * _WIDTH} {row * _HEIGHT})")
            _Panel(lines, x_label, y_label).draw(panel)
    indent(svg)
    ElementTree(svg).write(path, encoding="unicode")


class _Panel:
    """One field with its axes."""

    def __init__(self, lines: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str) -> None:
        self.lines = lines
        self.labels = (x_label, y_label)
        points = [point for line in lines.values() for point in line]
        self.x_ticks = sorted({x for x, _ in points})
        self.y_ticks = _round_numbers(min(y for _, y in points), max(y for _, y in points))

    def x(self, value: float) -> float:
        """Where a size stands."""
        return _MARGIN + _share(value, self.x_ticks) * (_WIDTH - 1.5 * _MARGIN)

    def y(self, value: float) -> float:
        """Where a cost stands."""
        return _HEIGHT - _MARGIN - _share(value, self.y_ticks) * (_HEIGHT - 1.5 * _MARGIN)

    def draw(self, panel: Element) -> None:
        """Grid, labels, lines."""
        left, right = self.x(self.x_ticks[0]), self.x(self.x_ticks[-1])
        for tick in self.y_ticks:
            _line(panel, [(left, self.y(tick)), (right, self.y(tick))], "#ddd", 1)
            _text(panel, left - 6, self.y(tick) + 4, f"{tick:g}", "end")
        for tick in self.x_ticks:
            _text(panel, self.x(tick), _HEIGHT - _MARGIN + 18, f"{tick:g}")
        _text(panel, (left + right) / 2, _HEIGHT - _MARGIN + 36, self.labels[0])
        _text(panel, left - 6, _MARGIN / 2 - 10, self.labels[1], "start")
        for side, line in self.lines.items():
            places = [(self.x(x), self.y(y)) for x, y in line]
            _line(panel, places, _COLOURS[side], 2)
            for x, y in places:
                SubElement(panel, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="3", fill=_COLOURS[side])
            _text(panel, places[-1][0], places[-1][1] - 8, _NAMES[side], "end", _COLOURS[side])


def _share(value: float, ticks: Sequence[float]) -> float:
    """How far along an axis from its first to its last tick."""
    low, high = math.log(ticks[0]), math.log(ticks[-1])
    return 0.5 if low == high else (math.log(value) - low) / (high - low)


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten, from one at most `low` to one at least `high`."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    numbers = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    first = max(number for number in numbers if number <= low)
    last = min(number for number in numbers if number >= high)
    return [number for number in numbers if first <= number <= last]


def _line(parent: Element, points: Sequence[tuple[float, float]], colour: str, width: int) -> None:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    SubElement(parent, "polyline", {"stroke-width": str(width)}, points=places, fill="none", stroke=colour)


def _text(parent: Element, x: float, y: float, text: str, anchor: str = "middle", colour: str = "#333") -> None:
    style = {"text-anchor": anchor, "font-size": "11", "font-family": "sans-serif"}
    SubElement(parent, "text", style, x=f"{x:.1f}", y=f"{y:.1f}", fill=colour).text = text
