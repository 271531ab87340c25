"""`chart` (held out of all training): read and combine the bars or points of a small chart."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from synergy.pocket.plots import DOT_RADIUS, FIELD, chart_values, plot_scene, ticks
from synergy.pocket.scenes import COLOURS, Cell, Scene
from synergy.pocket.tasks import (
    CHECKS,
    GOOD,
    PLANS,
    Family,
    Task,
    ending,
    one_off,
    running_sum,
    sentences,
    sometimes_slip,
)
from synergy.records import AnswerKind

Operation = Literal["value", "sum", "difference", "total", "extremes"]
_OPERATIONS: dict[int, Operation] = {1: "value", 2: "sum", 3: "difference", 4: "total", 5: "extremes"}


@dataclass(frozen=True)
class ChartTask(Task):
    """A value, or a combination of the values of some colours."""

    picture: Scene
    operation: Operation
    colours: tuple[str, ...]  #: the colours asked for, in the order of the question

    @property
    def key(self) -> str:
        return f"{self.operation}|{'/'.join(self.colours)}"

    @property
    def _numbers(self) -> list[int]:
        values = chart_values(self.picture)
        return [values[colour] for colour in self.colours]

    @property
    def answer(self) -> str:
        numbers = self._numbers
        if self.operation == "difference":
            return str(numbers[0] - numbers[1])
        return str(max(numbers) * 2 - min(numbers) if self.operation == "extremes" else sum(numbers))

    def question(self, rng: Random) -> str:
        first, second = self.colours[0], self.colours[-1]
        wordings: dict[Operation, tuple[str, ...]] = {
            "value": (f"What is the value of {first} in the chart?", f"Read the value of {first}."),
            "sum": (f"What is the sum of {first} and {second}?", f"Add the values of {first} and {second}."),
            "difference": (
                f"What is {first} minus {second}?",
                f"Subtract the value of {second} from that of {first}.",
            ),
            "total": ("What is the sum of all values in the chart?", "Add up all values of the chart."),
            "extremes": (
                "What is twice the largest value minus the smallest value?",
                "Double the largest value and subtract the smallest.",
            ),
        }
        return rng.choice(wordings[self.operation])

    def _work(self) -> str:
        numbers = self._numbers
        listed = ", ".join(map(str, numbers))
        if self.operation == "value":
            return ""
        if self.operation == "difference":
            return f"{numbers[0]} - {numbers[1]} = {self.answer}"
        if self.operation in ("sum", "total"):
            return running_sum(numbers)
        top, low = max(numbers), min(numbers)
        return f"largest of {listed} is {top}, smallest of {listed} is {low}. 2 * {top} - {low} = {self.answer}"

    def _readings(self) -> list[str]:
        return [f"{colour} is {value}" for colour, value in zip(self.colours, self._numbers, strict=True)]

    def short_trace(self, rng: Random) -> str:
        return sentences(", ".join(self._readings()), self._work(), ending(rng, self.answer))

    def long_trace(self, rng: Random) -> str:
        labels = ", ".join(str(row[0].digit) for row in reversed(self.picture.cells[:-1]))
        all_values = [f"{colour} is {value}" for colour, value in chart_values(self.picture).items()]
        slipped = rng.randrange(len(self.colours))
        readings = self._readings()
        colour, value = self.colours[slipped], self._numbers[slipped]
        readings[slipped] = sometimes_slip(rng, f"{colour} is {one_off(rng, value)}", readings[slipped])
        again = f"{', '.join(self._readings())}. {self._work()}" if self._work() else ", ".join(self._readings())
        return sentences(
            f"{rng.choice(PLANS)} and compare each mark with the labels",
            f"y labels: {labels}",
            "; ".join(readings),
            f"All together: {', '.join(all_values)}",
            self._work(),
            f"{rng.choice(CHECKS)} by following each line to the left: {again}",
            rng.choice(GOOD),
            ending(rng, self.answer),
        )


def draw_chart(rng: Random, level: int) -> ChartTask:
    """A random task of that level."""
    operation = _OPERATIONS[level]
    step = 1 if level <= 2 else rng.randint(1, 3)
    y_ticks = ticks(rng.randint(0, 9 - 2 * step), step)
    colours = rng.sample(COLOURS, FIELD)
    shape = rng.choice(("bar", "dot"))
    marks = {
        (column, rng.randrange(FIELD)): Cell(colour, shape, radius=DOT_RADIUS + 2)
        for column, colour in enumerate(colours)
    }
    scene = plot_scene(None, y_ticks, marks)
    if operation in ("total", "extremes"):
        return ChartTask(scene, operation, tuple(colours))
    return ChartTask(scene, operation, tuple(rng.sample(colours, 1 if operation == "value" else 2)))


CHART = Family("chart", AnswerKind.NUMBER, draw_chart, "reads and combines the values of a small chart", held_out=True)
