"""Strings made to hang, crash or fool a grader: each gets a verdict in bounded time, none is right."""

import random
import time

import pytest

from synergy.grading import WorkerPool, grade, grade_answer
from synergy.prompts import ANSWER_TAGS, BOXED
from synergy.records import AnswerKind, Problem

GOLDS = {
    AnswerKind.NUMBER: "4",
    AnswerKind.DIGIT: "4",
    AnswerKind.OPTION: "B",
    AnswerKind.EXPRESSION: "2x+1",
    AnswerKind.BOX: "[0.1, 0.2, 0.7, 0.5]",
    AnswerKind.PERMUTATION: "3 1 2",
    AnswerKind.CELLS: "red,blue;green,red",
}
MEGABYTE = 1_000_000
HUGE = [piece * (MEGABYTE // len(piece)) for piece in ("9", "(", "x^{", "\\frac{", "$", ",", ";", "a,", "\u202e", " ")]
HUGE += ["1," + "000," * (MEGABYTE // 4), "-" * MEGABYTE + "7", "7" + "\n" * MEGABYTE, "\\text{" * 100_000]
SMALL = ["2^100000000", "10^10^10^10", "1e999999999", "9" * 5000, "(" * 10_000 + ")" * 10_000, "[" * 10_000]
SMALL += [
    "\x00",
    "\x1b[31m7",
    "7\u202e",
    "\u200b7",
    "\ud800",
    "7\udfff",
    "\ufeff7",
    "💣",
    "\u0667",
    "𝟕",
    "7\x00",
]
SMALL += [
    "__import__('os').system('false')",
    "exec('1')",
    "lambda: 7",
    "{7!r}",
    "%s",
    "{0.__class__}",
    "nan",
    "-inf",
]
SMALL += [
    "\\input{/etc/passwd}",
    "\\def\\x{\\x\\x}\\x",
    "\\write18{ls}",
    "\\loop\\iftrue\\repeat",
    "\\\\",
    "\\",
    "{",
    "}",
]
SMALL += [
    "\\frac{1}{0}",
    "0/0",
    "\\infty",
    "\\int x",
    "\\sum_{n}",
    "\\sqrt{-1}",
    "!",
    "1!!",
    "|||",
    "x_{",
    "^",
    "_",
    "&&",
]
PIECES = [
    "\\frac",
    "{",
    "}",
    "(",
    ")",
    "^",
    "x",
    "7",
    "!",
    "\\sqrt",
    "\\sin",
    "+",
    "-",
    "*",
    "/",
    ",",
    "|",
    "\\text",
    "=",
]


def noise(count: int) -> list[str]:
    """Short random strings of formula pieces, always the same ones."""
    source = random.Random(0)
    return ["".join(source.choices(PIECES, k=source.randint(1, 12))) for _ in range(count)]


@pytest.fixture(scope="module")
def pool():
    """One worker whose limit leaves, of 2.5 seconds, enough to start it again."""
    with WorkerPool(num_workers=1, limit_seconds=1.0) as pool:
        yield pool


@pytest.mark.parametrize("kind", AnswerKind)
def test_hostile_answers_are_wrong_in_bounded_time(kind: AnswerKind, pool: WorkerPool):
    problem = Problem(id="p", question="?", answer=GOLDS[kind], answer_kind=kind, choices=("red", "blue", "green"))
    assert grade_answer(problem, problem.answer, pool=pool).score == 1.0
    for text in HUGE + SMALL + noise(120):
        start = time.perf_counter()
        verdict = grade_answer(problem, text, pool=pool)
        assert time.perf_counter() - start < 2.5, text[:60]
        assert not verdict.correct, text[:60]


@pytest.mark.parametrize("preset", [BOXED, ANSWER_TAGS])
def test_hostile_responses_are_wrong_in_bounded_time(preset):
    problem = Problem(id="p", question="?", answer="4", answer_kind=AnswerKind.NUMBER)
    for text in HUGE + SMALL:
        for response in (text, preset.response(text, text), f"<think>{text}</think>{text}"):
            start = time.perf_counter()
            verdict = grade(problem, response, preset=preset)
            assert time.perf_counter() - start < 2.5, text[:60]
            assert not verdict.correct, text[:60]
