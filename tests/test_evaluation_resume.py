"""Killed evaluations: what is there stays, what comes after equals an undisturbed one, another request is refused."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from evaluation_cases import RIGHT, WRONG, ScriptedAnswerer, Silent, asked, problem, protocol, response, small_set

from synergy.errors import InputError
from synergy.evaluation.answerer import OnProgress
from synergy.evaluation.locking import locked
from synergy.evaluation.responses import Response
from synergy.evaluation.run import Evaluation
from synergy.evaluation.shards import Shards
from synergy.records import Problem, StopReason

PROBLEMS = [problem(number) for number in range(7)]
TEXTS = {each.id: [RIGHT if number % 2 else WRONG] for number, each in enumerate(PROBLEMS)}


class Dying(ScriptedAnswerer):
    """Answers so many shards."""

    def __init__(self, num_shards: int) -> None:
        super().__init__(TEXTS)
        self.num_shards = num_shards

    def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
        if len(self.asked) == self.num_shards:
            raise KeyboardInterrupt
        return super().answer(problems, on_progress)


def run_of(answerer: ScriptedAnswerer, seed: int = 0) -> Evaluation:
    found = protocol()
    return Evaluation(protocol=found, asked=asked(found, seed=seed), answerer=lambda: answerer, judge=None)


def test_what_was_committed_is_not_asked_again(tmp_path: Path):
    on = small_set(PROBLEMS)
    with pytest.raises(KeyboardInterrupt):
        run_of(Dying(2)).evaluate(on, tmp_path / "a", Silent())
    assert not (tmp_path / "a" / "score.json").exists()
    answerer, watcher = ScriptedAnswerer(TEXTS), Silent()
    resumed = run_of(answerer).evaluate(on, tmp_path / "a", watcher)
    assert answerer.asked == [["p4", "p5"], ["p6"]]
    assert watcher.stages[0] == ("sampling", 4, 7)
    whole = run_of(ScriptedAnswerer(TEXTS)).evaluate(on, tmp_path / "b", Silent())
    assert resumed.score.rules == whole.score.rules
    for name in ("responses.jsonl", "items.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert not (tmp_path / "a" / "shards").exists()


def test_nothing_but_the_request_says_how_large_shards_were(tmp_path: Path):
    on, found = small_set(PROBLEMS), protocol()
    for shard in (1, 3, 64):
        run = Evaluation(protocol=found, asked=asked(found, shard=shard), answerer=lambda: ScriptedAnswerer(TEXTS))
        run.evaluate(on, tmp_path / str(shard), Silent())
    for name in ("responses.jsonl", "items.jsonl", "samples.parquet", "problems.jsonl"):
        assert len({(tmp_path / str(shard) / name).read_bytes() for shard in (1, 3, 64)}) == 1


def test_what_is_finished_makes_no_model(tmp_path: Path):
    on = small_set(PROBLEMS)
    first = run_of(ScriptedAnswerer(TEXTS)).evaluate(on, tmp_path, Silent())
    found = protocol()

    def refuse() -> ScriptedAnswerer:
        raise AssertionError("nothing is missing")

    again = Evaluation(protocol=found, asked=asked(found), answerer=refuse, judge=None)
    second = again.evaluate(on, tmp_path, Silent())
    assert not first.was_finished
    assert second.was_finished
    assert second.score == first.score
    # graded otherwise, from the same responses
    strict = protocol(extraction="preset")
    regraded = Evaluation(protocol=strict, asked=asked(strict), answerer=refuse, judge=None)
    third = regraded.evaluate(on, tmp_path, Silent())
    assert not third.was_finished
    assert third.score.extraction == "boxed"


def test_another_request_is_refused_by_the_field_that_differs(tmp_path: Path):
    on = small_set(PROBLEMS)
    run_of(ScriptedAnswerer(TEXTS)).evaluate(on, tmp_path, Silent())
    with pytest.raises(InputError, match=r"\(asked\.seed: 0 there, 1 here\)"):
        run_of(ScriptedAnswerer(TEXTS), seed=1).evaluate(on, tmp_path, Silent())
    with pytest.raises(InputError, match=r"\(num_problems: 7 there, 6 here, problems_sha256: "):
        run_of(ScriptedAnswerer(TEXTS)).evaluate(small_set(PROBLEMS[:6]), tmp_path, Silent())


def test_only_shards_with_failures_are_asked_again(tmp_path: Path):
    on = small_set(PROBLEMS)

    class Failing(ScriptedAnswerer):
        def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
            found = super().answer(problems, on_progress)
            failed = response("p3", "", stop_reason=StopReason.FAILED)
            return [failed if each.problem_id == "p3" else each for each in found]

    first = run_of(Failing(TEXTS)).evaluate(on, tmp_path, Silent())
    assert first.score.responses.num_failed == 1
    assert first.score.rules["strict"].num_unscored == 1
    answerer = ScriptedAnswerer(TEXTS)
    second = run_of(answerer).evaluate(on, tmp_path, Silent(), retry_failed=True)
    assert answerer.asked == [["p2", "p3"]]
    assert second.score.responses.num_failed == 0
    assert [each.problem_id for each in Shards(tmp_path, num_problems=7, problems_per_shard=2).merge()] == list(TEXTS)


def test_a_torn_file_of_responses_is_one_line(tmp_path: Path):
    run_of(ScriptedAnswerer(TEXTS)).evaluate(small_set(PROBLEMS), tmp_path, Silent())
    path = tmp_path / "responses.jsonl"
    path.write_text(path.read_text()[:-20])
    (tmp_path / "score.json").unlink()
    with pytest.raises(InputError, match="a line is no response of ours"):
        run_of(ScriptedAnswerer(TEXTS)).evaluate(small_set(PROBLEMS), tmp_path, Silent())


def test_two_commands_do_not_share_a_folder(tmp_path: Path):
    folder = tmp_path / "out"
    with locked(folder):
        with pytest.raises(InputError, match="another process is at work there"), locked(folder):
            pass
        (folder / "kept").touch()
    assert (folder / "kept").exists()
    with locked(tmp_path / "empty"):
        pass
    assert not (tmp_path / "empty").exists()


def test_a_killed_evaluation_of_the_pocket_ends_as_an_undisturbed_one(tmp_path: Path):
    """SIGKILL after a shard, then the same command: the same responses, byte for byte."""
    command = [sys.executable, "-m", "synergy", "eval", "pocket", "--on", "pocket", "--limit", "12", "--shard", "3"]
    command += ["--threads", "1", "--set", "response.max_tokens=40", "--families", "count,sum"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen([*command, "--out", str(tmp_path / "a")], env=environment, stdout=subprocess.DEVNULL)
    shards = tmp_path / "a" / "pocket" / "shards"
    deadline = time.monotonic() + 60
    while not list(shards.glob("shard_*.jsonl")) and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    committed = list(shards.glob("shard_*.jsonl"))
    assert 1 <= len(committed) < 4
    for folder in ("a", "b"):
        subprocess.run([*command, "--out", str(tmp_path / folder)], env=environment, check=True, capture_output=True)
    ours, theirs = tmp_path / "a" / "pocket", tmp_path / "b" / "pocket"
    for name in ("responses.jsonl", "items.jsonl", "prompt.json"):
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()
