"""The worker pool: order, threads, the time limit, crashes and restarts."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from synergy.errors import SynergyError
from synergy.grading import WorkerPool
from synergy.grading.pool import Outcome, OutcomeStatus, Task

BOMB: Task = ("expressions_equal", ("x+1", "9^{9^{9^{9}}}"))


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(num_workers=2, limit_seconds=1.0) as pool:
        yield pool


def linear(slope: int, predicted: int) -> Task:
    return ("expressions_equal", (f"{slope}x+1", f"1+{predicted}*x"))


def done(value: str) -> Outcome:
    return Outcome(OutcomeStatus.DONE, value)


def worker_ids() -> set[int]:
    """The grading workers among this process's children."""
    listing = subprocess.check_output(["ps", "-eo", "pid,ppid,args"], text=True)
    rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
    return {int(row[0]) for row in rows if row[1] == str(os.getpid()) and "grading.worker" in row[2]}


def test_outcomes_keep_the_order_of_tasks(pool: WorkerPool):
    tasks = [linear(number, number + number % 2) for number in range(2, 40)]
    assert pool.map(tasks) == [done("different" if number % 2 else "equal") for number in range(2, 40)]
    assert pool.map([]) == []


def test_a_task_over_the_limit_is_killed_and_the_others_are_not(pool: WorkerPool):
    pool.map([linear(2, 2)] * 4)
    start = time.perf_counter()
    outcomes = pool.map([linear(2, 2), BOMB, linear(2, 3), linear(3, 3)])
    assert time.perf_counter() - start < 2.0
    assert outcomes == [done("equal"), Outcome(OutcomeStatus.TIMEOUT), done("different"), done("equal")]


def test_a_task_that_always_kills_its_process_is_a_crash_and_the_pool_goes_on(pool: WorkerPool, capfd):
    assert pool.map([("no such function", ())]) == [Outcome(OutcomeStatus.CRASHED)]
    assert pool.map([linear(2, 2)]) == [done("equal")]
    assert "no such function" in capfd.readouterr().err


@pytest.mark.skipif(shutil.which("ps") is None, reason="finds the workers through ps")
def test_workers_killed_from_outside_cost_no_verdict(pool: WorkerPool):
    pool.map([linear(2, 2)] * 4)
    before = worker_ids()
    for process_id in before:
        os.kill(process_id, signal.SIGKILL)
    assert pool.map([linear(2, 2), linear(2, 3)] * 4) == [done("equal"), done("different")] * 4
    assert not before & worker_ids()


def test_the_pool_serves_several_threads_at_once(pool: WorkerPool):
    results: dict[int, list[Outcome]] = {}

    def ask(slope: int):
        results[slope] = pool.map([linear(slope, other) for other in range(2, 8)])

    threads = [threading.Thread(target=ask, args=(slope,)) for slope in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for slope in range(2, 8):
        assert results[slope] == [done("equal" if other == slope else "different") for other in range(2, 8)]


def test_memory_is_bounded(pool: WorkerPool):
    """Factorials of this size need gigabytes or minutes; either way it ends and the pool goes on."""
    outcome = pool.map([("expressions_equal", ("x+1", "99999999999!"))])[0]
    assert outcome != done("equal")
    assert pool.map([linear(2, 2)]) == [done("equal")]


def test_a_worker_that_cannot_start_is_an_error_not_a_verdict(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with WorkerPool(num_workers=1) as pool, pytest.raises(SynergyError, match="did not start"):
        pool.map([linear(2, 2)])


def test_a_script_without_a_main_guard_can_grade_and_ends_by_itself():
    script = (
        "from synergy.grading import grade_answer\n"
        "from synergy.records import AnswerKind, Problem\n"
        "p = Problem(id='1', question='?', answer='\\\\sum_{k=1}^{3} k', answer_kind=AnswerKind.EXPRESSION)\n"
        "print(grade_answer(p, '6').rule)\n"
        "import sys; print('torch' in sys.modules, 'sympy' in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert (ran.stdout, ran.stderr) == ("expression/symbolic\nFalse False\n", "")
