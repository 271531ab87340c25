"""Levels from a reference model's pass counts: the file, what it is refused for, and why samples must be fresh."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest
from evaluation_cases import RIGHT, WRONG, ScriptedAnswerer, Silent, asked, problem, protocol, response, small_set

from synergy.config.protocol import ProtocolConfig
from synergy.errors import InputError
from synergy.evaluation.answerer import Answerer, OnProgress
from synergy.evaluation.breakdown import breakdown
from synergy.evaluation.comparable import Labelled, mismatches
from synergy.evaluation.levels_file import LevelsFile, read_levels, write_levels
from synergy.evaluation.problems_file import read_images
from synergy.evaluation.responses import Response
from synergy.evaluation.run import Evaluation
from synergy.evaluation.tagging import tag
from synergy.evaluation.verdicts import STRICT
from synergy.records import Problem, Purpose, StopReason
from synergy.statistics.levels import LEVEL_SIXTEENTHS, level_of

NUM_SAMPLES = 16
RATES = (0.2, 0.5, 0.8)
COINS = [problem(number, level=3) for number in range(600)]


def made(
    answerer: Answerer | Callable[[], Answerer],
    found: ProtocolConfig,
    purpose: Purpose,
    levels: LevelsFile | None = None,
) -> Evaluation:
    fields = asked(found, shard=200).model_dump() | {"purpose": purpose.value}
    request = type(asked(found)).model_validate(fields, strict=False)
    make = answerer if callable(answerer) else lambda: answerer
    return Evaluation(protocol=found, asked=request, answerer=make, levels=levels, keeps_pictures=False)


class Coins:
    """Solves a problem with the probability that belongs to it, by random numbers of a purpose."""

    def __init__(self, purpose: Purpose) -> None:
        self.purpose = purpose

    def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
        found: list[Response] = []
        for each in problems:
            number = int(each.id[1:])
            draws = np.random.default_rng([list(Purpose).index(self.purpose), number]).random(NUM_SAMPLES)
            rate = RATES[number % len(RATES)]
            found += [response(each.id, RIGHT if draw < rate else WRONG, run) for run, draw in enumerate(draws)]
        return found

    def prompt(self, problem: Problem) -> str:
        return problem.question


def expected_by_level() -> tuple[dict[str, float], dict[str, float]]:
    """By level, the mean true rate, and the mean share of correct tagging samples, both from the binomial law."""
    weight, true, reused = ({str(level): 0.0 for level in range(1, 6)} for _ in range(3))
    for rate in RATES:
        for num in range(NUM_SAMPLES + 1):
            chance = comb(NUM_SAMPLES, num) * rate**num * (1 - rate) ** (NUM_SAMPLES - num)
            level = str(level_of(num, NUM_SAMPLES))
            weight[level] += chance
            true[level] += chance * rate
            reused[level] += chance * num / NUM_SAMPLES
    return {k: true[k] / weight[k] for k in weight}, {k: reused[k] / weight[k] for k in weight}


def accuracies(folder: Path, levels: LevelsFile, purpose: Purpose) -> Mapping[str, float]:
    """The coins' accuracy by level, from the responses of a purpose."""
    found = protocol(num_runs=NUM_SAMPLES)
    evaluation = made(Coins(purpose), found, Purpose.EVALUATE, levels)
    graded = evaluation.grade(evaluation.gather(small_set(COINS), folder), Silent())
    return {level: group.accuracy.value for level, group in breakdown(graded, STRICT, seed=0).level.items()}


def test_reused_samples_regress_to_the_mean_and_fresh_ones_do_not(tmp_path: Path):
    """The coins never change. Measured by the samples that made the levels they seem better at level 1 than they are
    and worse at level 5, so that any later model seems to gain at hard levels and to lose at easy ones."""
    tagging = made(Coins(Purpose.TAG), protocol(num_runs=NUM_SAMPLES), Purpose.TAG)
    levels = tag(tagging, small_set(COINS), tmp_path / "tag", Silent()).levels
    true, expected = expected_by_level()
    bias = {level: round(expected[level] - true[level], 3) for level in true}
    assert bias == {"1": 0.048, "2": 0.015, "3": -0.02, "4": -0.028, "5": -0.151}
    fresh = accuracies(tmp_path / "fresh", levels, Purpose.EVALUATE)
    reused = accuracies(tmp_path / "reused", levels, Purpose.TAG)
    for level in true:
        assert fresh[level] == pytest.approx(true[level], abs=0.04)
        assert reused[level] == pytest.approx(expected[level], abs=0.04)
    # what a study would report as the gain of a model that is the baseline itself
    later = accuracies(tmp_path / "later", levels, Purpose.TRAIN)
    assert later["5"] - reused["5"] > 0.1
    assert later["1"] - reused["1"] < -0.03
    assert max(abs(later[level] - fresh[level]) for level in true) < 0.06  # 2 standard errors at level 5


def test_the_file_says_who_was_asked_how_and_how_often_it_was_right(tmp_path: Path):
    problems = [problem(number) for number in range(4)]
    texts = {"p0": [RIGHT] * 4, "p1": [RIGHT, WRONG, RIGHT, WRONG], "p2": [WRONG] * 4, "p3": [RIGHT] * 4}

    class Failing(ScriptedAnswerer):
        def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
            failed = {"p2": (0, 1, 2, 3), "p3": (1, 2)}
            return [
                replace(each, stop_reason=StopReason.FAILED, text="")
                if each.run in failed.get(each.problem_id, ())
                else each
                for each in super().answer(problems, on_progress)
            ]

    answerer = Failing(texts)
    found = protocol(num_runs=4, extraction="preset")
    tagged = tag(made(answerer, found, Purpose.TAG), small_set(problems), tmp_path / "tag", Silent())
    assert not tagged.was_complete
    path = tmp_path / "levels.json"
    write_levels(tagged.levels, path)
    assert read_levels(path) == tagged.levels
    plain = json.loads(path.read_text())
    counts = {key: (each["num_correct"], each["num_samples"], each["level"]) for key, each in plain["problems"].items()}
    assert counts == {"p0": (4, 4, 1), "p1": (2, 4, 2), "p2": (0, 0, None), "p3": (2, 2, 1)}
    assert plain["thresholds"] == list(LEVEL_SIXTEENTHS)
    assert plain["model"]["weights_sha256"] == "0" * 64
    sampling = plain["sampling"]
    assert (sampling["purpose"], sampling["num_samples"], sampling["extraction"]) == ("tag", 4, "boxed")
    assert sampling["response"]["temperature"] == 1.0
    kept = {item.name for item in (tmp_path / "tag").iterdir()}
    assert kept == {"request.json", "prompt.json", "responses.jsonl", "problems.jsonl", "samples.parquet"}

    def refuse() -> Answerer:
        raise AssertionError("nothing is missing")

    again = tag(made(refuse, found, Purpose.TAG), small_set(problems), tmp_path / "tag", Silent(), thresholds=(8,))
    assert again.was_complete
    assert [each.level for each in again.levels.problems.values()] == [1, 1, None, 1]


def test_measured_levels_stand_in_the_place_of_the_generating_ones(tmp_path: Path):
    problems = [problem(number, level=1 + number % 2) for number in range(4)]
    texts = {each.id: [RIGHT if number < 2 else WRONG] * 2 for number, each in enumerate(problems)}
    found = protocol(num_runs=2)
    levels = tag(
        made(ScriptedAnswerer(texts), found, Purpose.TAG), small_set(problems), tmp_path / "t", Silent()
    ).levels
    answerer = ScriptedAnswerer(texts)
    plain = made(answerer, found, Purpose.EVALUATE).evaluate(small_set(problems), tmp_path / "e", Silent())
    levelled = made(answerer, found, Purpose.EVALUATE, levels).evaluate(small_set(problems), tmp_path / "e", Silent())
    assert len(answerer.asked) == 1  # levels change what is summed up, not what is asked
    assert not levelled.was_finished
    score = levelled.score
    assert score.breakdown is not None
    assert {key: each.accuracy.value for key, each in score.breakdown.level.items()} == {"1": 1.0, "5": 0.0}
    assert {key: each.accuracy.value for key, each in score.breakdown.generating_level.items()} == {"1": 0.5, "2": 0.5}
    assert set(score.rules["strict"].levels) == {"1", "5"}
    assert score.levels == levels.part()
    assert score.benchmark.problems_sha256 == plain.score.benchmark.problems_sha256
    rows = [json.loads(line) for line in (tmp_path / "e" / "problems.jsonl").read_text().splitlines()]
    assert [(row["level"], row["generating_level"]) for row in rows] == [(1, 1), (1, 2), (5, 1), (5, 2)]
    assert read_images(tmp_path / "e") == {each.id: [] for each in problems}
    again = made(answerer, found, Purpose.EVALUATE, levels).evaluate(small_set(problems), tmp_path / "e", Silent())
    assert again.was_finished
    assert (
        not made(answerer, found, Purpose.EVALUATE).evaluate(small_set(problems), tmp_path / "e", Silent()).was_finished
    )
    rows = [json.loads(line) for line in (tmp_path / "e" / "problems.jsonl").read_text().splitlines()]
    assert [row["level"] for row in rows] == [1, 2, 1, 2]
    fields = [each.field for each in mismatches([Labelled("a", plain.score), Labelled("b", score)])]
    assert fields == ["levels.sha256"]


def test_levels_of_other_problems_are_refused(tmp_path: Path):
    problems = [problem(number) for number in range(3)]
    texts = {each.id: [RIGHT] for each in problems}
    found = protocol()
    tagging = made(ScriptedAnswerer(texts), found, Purpose.TAG)
    levels = tag(tagging, small_set(problems[:2]), tmp_path / "t", Silent()).levels
    with pytest.raises(InputError, match=r"lack 1 of 3 problems, the first is 'p2'"):
        made(ScriptedAnswerer(texts), found, Purpose.EVALUATE, levels).evaluate(
            small_set(problems), tmp_path / "e", Silent()
        )
    other = [problems[0], replace(problems[1], question="Another?")]
    with pytest.raises(InputError, match="problem 'p1' is another one there"):
        levels.applied(other)
    with pytest.raises(InputError, match=r"asked\.purpose: tag there, evaluate here"):
        made(ScriptedAnswerer(texts), found, Purpose.EVALUATE).evaluate(
            small_set(problems[:2]), tmp_path / "t", Silent()
        )


@pytest.mark.parametrize("thresholds", [(), (5, 8), (17, 2), (12, 0), (8, 8)])
def test_thresholds_fall(thresholds: tuple[int, ...], tmp_path: Path):
    tagging = made(ScriptedAnswerer({}), protocol(), Purpose.TAG)
    with pytest.raises(InputError, match="expected falling numbers from 16 down to 1"):
        tag(tagging, small_set([problem(0)]), tmp_path, Silent(), thresholds=thresholds)


def test_sixteen_samples_without_randomness_are_refused(tmp_path: Path):
    found = protocol(num_runs=16, response={"temperature": 0.0, "max_tokens": 64})
    with pytest.raises(InputError, match="16 samples at temperature 0 are 16 times the same"):
        tag(made(ScriptedAnswerer({}), found, Purpose.TAG), small_set([problem(0)]), tmp_path, Silent())
