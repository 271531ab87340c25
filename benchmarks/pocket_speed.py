"""Speed of what the pocket does: problems, traces and verdicts a second, and the shipped model's tokens a second.

Prints a table and writes benchmarks/results/pocket_speed.json. Run it on a machine that does nothing else.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from synergy.grading import Attempt, grade_many
from synergy.pocket import FAMILIES, items
from synergy.pocket.card import measure_card
from synergy.pocket.probe import load_pocket
from synergy.pocket.shipped import WEIGHTS
from synergy.prompts import BOXED

NUM = 1600
RESULTS = Path(__file__).with_name("results")


def rate(work: Callable[[], object], num: int) -> float:
    """`num` things a second, best of three runs."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return num / min(seconds)


def world_and_grading() -> dict[str, float]:
    """Rates of one core, averaged over all eight families."""
    families = tuple(FAMILIES)
    made = items("train", NUM, families=families)
    attempts = [
        Attempt(problem=item.text_problem(), response=BOXED.response(item.short().trace, item.task.answer))
        for item in made
    ]
    return {
        "train problems with pictures": rate(
            lambda: [item.problem() for item in items("train", NUM, families=families)], NUM
        ),
        "evaluation problems with pictures": rate(
            lambda: [item.problem() for item in items("evaluation", NUM, families=families)], NUM
        ),
        "short and long traces": rate(lambda: [(item.short(), item.long()) for item in made], NUM),
        "verdicts on gold responses": rate(lambda: grade_many(attempts, preset=BOXED), NUM),
    }


def main() -> None:
    """Measure, print, write."""
    rates = world_and_grading()
    card = measure_card(*load_pocket(WEIGHTS), num_problems=100)
    for measure in card.measures:
        if measure.unit.endswith("/s"):
            rates[f"model: {measure.name}, {measure.unit}"] = measure.value
    table = Table("what", "a second")
    for name, value in rates.items():
        table.add_row(name, f"{value:,.0f}")
    Console().print(table)
    machine = {"platform": platform.platform(), "cores": os.cpu_count(), "torch": torch.__version__}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "pocket_speed.json").write_text(json.dumps({"machine": machine, "a second": rates}, indent=2) + "\n")


if __name__ == "__main__":
    main()
