"""Speed of grading, and what hostile texts do to it.

Verdicts a second through the public call, with caches cold and every answer another: *simple* ones (numbers, options,
boxes …), *formulas* that our own reader decides by their values, and *symbolic* ones that only math-verify in the
worker pool can. Then hostile texts: the longest verdict, crashes, and the memory of this process and its workers.

    python benchmarks/grading_speed.py                    # all of it, on a machine that does nothing else
    python benchmarks/grading_speed.py --hostile 5000     # fewer hostile texts

Prints a table and writes benchmarks/results/grading_speed.json.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hostile import HUGE, SMALL, problem, random_texts
from rich.console import Console
from rich.table import Table

from synergy.grading import Attempt, WorkerPool, grade_answer, grade_many
from synergy.prompts import BOXED
from synergy.records import AnswerKind, Problem

RESULT = Path(__file__).with_name("results") / "grading_speed.json"
NUM_SIMPLE, NUM_FORMULAS, NUM_SYMBOLIC = 60_000, 8_000, 2_000
TARGETS = {"simple": 20_000, "formulas": 800, "symbolic": 800}


def attempt(kind: AnswerKind, gold: str, answer: str, index: int) -> Attempt:
    """A whole response, as a model would write it."""
    asked = Problem(id=f"p{index}", question="?", answer=gold, answer_kind=kind, choices=("red", "blue", "green"))
    return Attempt(problem=asked, response=f"<think> I look, count and see {index}. </think> \\boxed{{{answer}}}")


def simple(num: int) -> list[Attempt]:
    """Numbers, digits, options, boxes and quantities in turn; a third of the answers are right."""
    found = []
    for index in range(num):
        off = index % 3
        kinds = (
            (AnswerKind.NUMBER, str(index), str(index + off)),
            (AnswerKind.NUMBER, f"{index} cm", f"{index + off}.0 cm"),
            (AnswerKind.OPTION, "B", "BAC"[off]),
            (AnswerKind.DIGIT, str(index % 10), str((index + off) % 10)),
            (AnswerKind.BOX, "[0.1, 0.2, 0.7, 0.5]", f"[0.1, 0.2, 0.7, 0.{400_000 + index}]"),
        )
        found.append(attempt(*kinds[index % len(kinds)], index))
    return found


def formulas(num: int) -> list[Attempt]:
    """Squares multiplied out, half of them wrongly."""
    source = random.Random(0)
    found = []
    for index in range(num):
        a, b, c = (source.randint(1, 999) for _ in range(3))
        answer = f"{a * a}x^2+{2 * a * b}x+{b * b + c + index % 2}"
        found.append(attempt(AnswerKind.EXPRESSION, f"({a}x+{b})^2+{c}", answer, index))
    return found


def symbolic(num: int) -> list[Attempt]:
    """Sums, which our reader leaves to math-verify, half of them wrong."""
    source = random.Random(0)
    found = []
    for index in range(num):
        a, b = source.randint(1, 999), source.randint(1, 999)
        gold, answer = f"\\sum_{{k=1}}^{{3}} {a}k+{b}", f"{6 * a}+{b}+{index % 2}"
        found.append(attempt(AnswerKind.EXPRESSION, gold, answer, index))
    return found


def rate(attempts: Sequence[Attempt], num_workers: int) -> dict[str, Any]:
    """Verdicts a second in one call, workers started before."""
    with WorkerPool(num_workers=num_workers) as pool:
        grade_many(symbolic(2 * num_workers), preset=BOXED, pool=pool)
        start = time.perf_counter()
        verdicts = grade_many(attempts, preset=BOXED, pool=pool)
        seconds = time.perf_counter() - start
    rules = Counter(verdict.rule for verdict in verdicts)
    return {"verdicts": len(verdicts), "seconds": seconds, "per_second": len(verdicts) / seconds, "rules": dict(rules)}


def hostile(num: int, num_workers: int) -> dict[str, Any]:
    """Every text against an answer kind, in turn, one at a time and timed."""
    kinds, longest, rules, memory = list(AnswerKind), 0.0, Counter[str](), []
    texts = [*HUGE, *SMALL, *random_texts(num - len(HUGE) - len(SMALL))]
    slowest, num_right = "", 0
    with WorkerPool(num_workers=num_workers) as pool:
        grade_answer(problem(AnswerKind.EXPRESSION), "\\int_0^1 x dx", pool=pool)
        for index, text in enumerate(texts):
            kind = AnswerKind.EXPRESSION if index % 2 else kinds[index // 2 % len(kinds)]
            start = time.perf_counter()
            verdict = grade_many([Attempt(problem=problem(kind), response=text)], preset=None, pool=pool)[0]
            seconds = time.perf_counter() - start
            if seconds > longest:
                longest, slowest = seconds, f"{kind}: {text[:60]!r}"
            rules[verdict.rule] += 1
            num_right += verdict.correct
            if index % (max(1, len(texts) // 10)) == 0:
                memory.append(_memory_megabytes())
    return {
        "texts": len(texts),
        "longest_seconds": longest,
        "slowest": slowest,
        "right": num_right,
        "memory_megabytes": memory,
        "timeouts": rules["expression/timeout"],
        "crashes": rules["expression/crash"],
        "rules": dict(rules.most_common()),
    }


def _memory_megabytes() -> float:
    """Resident memory of this process and its children."""
    own = os.getpid()
    rows = subprocess.run(["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    cells = [list(map(int, row.split())) for row in rows if row.strip()]
    return sum(rss for pid, parent, rss in cells if own in (pid, parent)) / 1024


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Speed of grading, and what hostile texts do to it.")
    parser.add_argument("--hostile", type=int, default=100_000, metavar="N", help="number of hostile texts (100000)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes (2)")
    options = parser.parse_args()
    work = {"simple": simple(NUM_SIMPLE), "formulas": formulas(NUM_FORMULAS), "symbolic": symbolic(NUM_SYMBOLIC)}
    rates = {name: rate(attempts, options.workers) for name, attempts in work.items()}
    table = Table("verdicts", "a second", "to reach")
    for name, result in rates.items():
        table.add_row(name, f"{result['per_second']:,.0f}", f"{TARGETS[name]:,}")
    Console().print(table)
    attack = hostile(options.hostile, options.workers)
    Console().print(
        f"{attack['texts']:,} hostile texts: longest {attack['longest_seconds']:.2f} s, {attack['right']} right, "
        f"{attack['timeouts']} timeouts, {attack['crashes']} crashes, memory {attack['memory_megabytes'][0]:.0f} → "
        f"{attack['memory_megabytes'][-1]:.0f} MB"
    )
    machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    RESULT.write_text(
        json.dumps({"date": time.strftime("%Y-%m-%d"), "machine": machine, "rates": rates, "hostile": attack}, indent=1)
        + "\n"
    )


if __name__ == "__main__":
    main()
