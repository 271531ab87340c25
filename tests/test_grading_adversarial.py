"""Texts made to hang, crash, feed or fool a grader: each gets a verdict in bounded time, none is right.

A sample of each in every run; all hundred thousand, with the memory they take, in the slow one.
"""

import sys
import time
from pathlib import Path

import pytest

from synergy.grading import Attempt, WorkerPool, grade_answer, grade_many
from synergy.prompts import ANSWER_TAGS, BOXED
from synergy.records import AnswerKind, VerdictStatus

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from grading_speed import hostile
from hostile import HUGE, SMALL, problem, random_texts

#: The worker's limit and a second to start it again.
BOUND_SECONDS = 2.5


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(num_workers=1, limit_seconds=1.0) as pool:
        yield pool


@pytest.mark.parametrize("kind", AnswerKind)
def test_hostile_answers_are_never_right_and_take_bounded_time(kind: AnswerKind, pool: WorkerPool):
    asked = problem(kind)
    assert grade_answer(asked, asked.answer, pool=pool).score == 1.0
    for text in (*HUGE, *SMALL):
        start = time.perf_counter()
        verdict = grade_answer(asked, text, pool=pool)
        assert time.perf_counter() - start < BOUND_SECONDS, text[:60]
        assert not verdict.correct, text[:60]


@pytest.mark.parametrize("preset", [BOXED, ANSWER_TAGS, None])
@pytest.mark.parametrize("kind", [AnswerKind.EXPRESSION, AnswerKind.OPTION, AnswerKind.NUMBER])
def test_hostile_responses_are_never_right_and_take_bounded_time(preset, kind: AnswerKind, pool: WorkerPool):
    asked = problem(kind)
    wrapper = preset or BOXED
    texts = (*HUGE, *SMALL)
    for response in (*texts, *(wrapper.response(text[:50_000], text) for text in texts)):
        start = time.perf_counter()
        verdict = grade_many([Attempt(problem=asked, response=response)], preset=preset, pool=pool)[0]
        assert time.perf_counter() - start < BOUND_SECONDS, response[:60]
        assert not verdict.correct, response[:60]


def test_noise_gets_a_verdict_in_bounded_time(pool: WorkerPool):
    kinds = list(AnswerKind)
    for index, text in enumerate(random_texts(600, seed=1)):
        kind = AnswerKind.EXPRESSION if index % 2 else kinds[index // 2 % len(kinds)]
        start = time.perf_counter()
        verdict = grade_many([Attempt(problem=problem(kind), response=text)], preset=None, pool=pool)[0]
        assert time.perf_counter() - start < BOUND_SECONDS, text[:60]
        assert verdict.status in VerdictStatus
        assert verdict.rule


@pytest.mark.slow
def test_a_hundred_thousand_hostile_texts_leave_nothing_hanging_and_memory_flat():
    found = hostile(100_000, num_workers=2)
    assert found["texts"] == 100_000
    assert found["longest_seconds"] < 4.0  # the limit of 2 s and starting another worker
    assert found["crashes"] == 0
    start, end = found["memory_megabytes"][1], found["memory_megabytes"][-1]
    assert end < start + 150
