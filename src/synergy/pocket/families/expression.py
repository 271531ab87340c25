"""`expression`: the line, parabola or sine through the marked points of a small plot."""

import math
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Literal

from synergy.pocket.plots import DOT_RADIUS, curve_point, marked_points, plot_scene, ticks
from synergy.pocket.scenes import Cell, Scene
from synergy.pocket.tasks import CHECKS, GOOD, PLANS, Family, Task, ending, sentences, sometimes_slip
from synergy.records import AnswerKind

Shape = Literal["line", "parabola", "sine"]


def _signed(constant: Fraction | int) -> str:
    return "" if constant == 0 else f"{'+' if constant > 0 else '-'}{abs(constant)}"


def _scaled(factor: Fraction | int, body: str) -> str:
    """factor·body with the ones and fractions written as people do: "x", "-x", "3x", "x/2", "-3x/2"."""
    factor = Fraction(factor)
    sign = "-" if factor < 0 else ""
    size = "" if abs(factor.numerator) == 1 else str(abs(factor.numerator))
    below = "" if factor.denominator == 1 else f"/{factor.denominator}"
    return f"{sign}{size}{body}{below}"


def sine_at(x: int) -> int:
    """sin(πx/2) at a whole x."""
    return (0, 1, 0, -1)[x % 4]


@dataclass(frozen=True)
class ExpressionTask(Task):
    """Name y as a function of x."""

    picture: Scene
    shape: Shape

    @property
    def key(self) -> str:
        return self.shape

    @property
    def _points(self) -> list[tuple[int, int]]:
        return marked_points(self.picture)

    @property
    def _line(self) -> tuple[Fraction, Fraction]:
        """Slope and intercept, from the outermost points."""
        (x0, y0), (x1, y1) = self._points[0], self._points[-1]
        slope = Fraction(y1 - y0, x1 - x0)
        return slope, y0 - slope * x0

    @property
    def _sine(self) -> tuple[int, int]:
        """Amplitude factor of sin(πx/2) and the middle: three neighbouring points with their middle one at a peak."""
        (_, side), (x, peak), _ = self._points
        return (peak - side) * sine_at(x), side

    @property
    def answer(self) -> str:
        if self.shape == "line":
            slope, intercept = self._line
            return _scaled(slope, "x") + _signed(intercept)
        if self.shape == "sine":
            factor, middle = self._sine
            return _scaled(factor, r"\sin(\pi x/2)") + _signed(middle)
        (_, side), (x, vertex), _ = self._points
        base = f"({_scaled(1, 'x')}{_signed(-x)})^2" if x else "x^2"
        return _scaled(side - vertex, base) + _signed(vertex)

    def question(self, rng: Random) -> str:
        name = "sine of period 4" if self.shape == "sine" else self.shape
        wording = rng.choice(
            (
                "The plot shows a {}. Write y as an expression in x.",
                "Which {} goes through the points? Give y in terms of x.",
                "Find the {} through the marked points as an expression in x.",
            )
        )
        return wording.format(name)

    def _read(self) -> str:
        return f"points {', '.join(f'({x}, {y})' for x, y in self._points)}"

    def _work(self) -> str:
        (x0, y0), (x1, y1) = self._points[0], self._points[-1]
        if self.shape == "line":
            slope, intercept = self._line
            return f"slope ({y1} - {y0}) / ({x1} - {x0}) = {slope}. {y0} - {slope} * {x0} = {intercept}"
        (_, side), (x, peak) = self._points[0], self._points[1]
        if self.shape == "sine":
            return f"middle {side}, at x = {x} the sine is {sine_at(x)}. {peak} - {side} = {peak - side}"
        return f"vertex ({x}, {peak}). {side} - {peak} = {side - peak}"

    def _substituted(self, x: int) -> str:
        """The answer's value at x, as arithmetic."""
        y = dict(self._points)[x]
        if self.shape == "line":
            slope, intercept = self._line
            return f"at x = {x}: {slope} * {x} + {intercept} = {y}"
        if self.shape == "sine":
            factor, middle = self._sine
            return f"at x = {x} the sine is {sine_at(x)}, {factor} * {sine_at(x)} + {middle} = {y}"
        (_, side), (h, vertex), _ = self._points
        return f"at x = {x}: {side - vertex} * ({x} - {h})^2 + {vertex} = {y}"

    def short_trace(self, rng: Random) -> str:
        return sentences(self._read(), self._work(), ending(rng, self.answer))

    def long_trace(self, rng: Random) -> str:
        scene, points = self.picture, self._points
        x_ticks = ", ".join(str(cell.digit) for cell in scene.cells[-1][1:])
        y_ticks = ", ".join(str(row[0].digit) for row in reversed(scene.cells[:-1]))
        (x, y), others = points[-1], [height for height in range(10) if height != points[-1][1]]
        found = "; ".join(f"point ({a}, {b})" for a, b in points[:-1])
        last = sometimes_slip(rng, f"point ({x}, {rng.choice(others)})", f"point ({x}, {y})")
        checks = ". ".join(self._substituted(a) for a, _ in (points[0], points[-1]))
        return sentences(
            f"{rng.choice(PLANS)} and find the {self.shape}",
            f"x labels: {x_ticks}. y labels: {y_ticks}",
            f"{found}; {last}",
            self._work(),
            f"{rng.choice(CHECKS)}: {checks}",
            rng.choice(GOOD),
            ending(rng, self.answer),
        )


def _curve(shape: Shape, indices: dict[int, int]) -> tuple[tuple[float, float], ...]:
    """The curve through the marked cells, in cell units, drawn a little beyond the outermost points."""
    columns = sorted(indices)
    low, high = columns[0], columns[-1]
    steps = [low - 0.4 + (high - low + 0.8) * k / 24 for k in range(25)]
    if shape == "line":
        slope = (indices[high] - indices[low]) / (high - low)
        heights = [indices[low] + slope * (x - low) for x in steps]
    elif shape == "parabola":
        heights = [indices[1] + (indices[0] - indices[1]) * (x - 1) ** 2 for x in steps]
    else:
        heights = [indices[0] + (indices[1] - indices[0]) * math.sin(math.pi * x / 2) for x in steps]
    return tuple(curve_point(x, y) for x, y in zip(steps, heights, strict=True) if -0.5 <= y <= 2.5)


_SHAPES: dict[int, tuple[Shape, ...]] = {
    1: ("line",),
    2: ("line",),
    3: ("line",),
    4: ("line", "parabola"),
    5: ("parabola", "sine"),
}


def _axes(rng: Random, level: int, shape: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
    y_step = 1 if level == 1 else rng.randint(1, 3)
    y_ticks = ticks(rng.randint(0, 9 - 2 * y_step), y_step)
    if level <= 2:
        return ticks(0, 1), y_ticks
    if level == 4 and shape == "line":
        return ticks(rng.choice((0, 2, 4)), 2), y_ticks
    if level == 4:
        return ticks(0, 1), y_ticks
    return ticks(rng.randint(1, 7) if level == 3 else rng.randint(0, 7), 1), y_ticks


def draw_expression(rng: Random, level: int) -> ExpressionTask:
    """A random task of that level: lines up to level 4, parabolas from 4, sines at 5."""
    shape = rng.choice(_SHAPES[level])
    x_ticks, y_ticks = _axes(rng, level, shape)
    if shape == "line":
        heights = list(rng.choice(((0, 1, 2), (2, 1, 0))))
        indices = dict(enumerate(heights))
        if level == 4:
            first, last = rng.choice(((0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)))
            indices = {0: first, 2: last}
    else:
        side, middle = rng.choice(((0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)))
        indices = {0: side, 1: middle, 2: side}
        if shape == "sine" and x_ticks[1] % 2 == 0:
            x_ticks = ticks(x_ticks[0] + (1 if x_ticks[0] < 7 else -1), 1)
    dot = Cell(shape="dot", radius=DOT_RADIUS)
    marks = {(column, height): dot for column, height in indices.items()}
    return ExpressionTask(plot_scene(x_ticks, y_ticks, marks, curve=_curve(shape, indices)), shape)


EXPRESSION = Family(
    "expression",
    AnswerKind.EXPRESSION,
    draw_expression,
    "names the line, parabola or sine through marked points",
)
