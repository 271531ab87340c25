"""Scores by group: numbers by hand, denominators, votes, length buckets, what stands beside accuracy."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from evaluation_cases import RIGHT, WRONG, evaluate, problem, protocol, response

from synergy.evaluation.breakdown import breakdown
from synergy.evaluation.responses import Response
from synergy.evaluation.score_file import read_score
from synergy.evaluation.verdicts import STRICT, GradedResponse, GradingRules, grade_responses
from synergy.evaluation.voting import elect
from synergy.prompts import BOXED
from synergy.records import AnswerKind, Problem, StopReason
from synergy.statistics.levels import level_of
from synergy.statistics.majority import majority


def boxed(answer: str) -> str:
    return f"<think>so</think> \\boxed{{{answer}}}"


def graded(asked: Problem, responses: Sequence[Response]) -> list[GradedResponse]:
    rules = GradingRules(extraction=BOXED, truncated_is_wrong=True, official=None, judge=None)
    return grade_responses([(asked, each) for each in responses], rules, lambda stage, done, num: None)


def attempts(asked: Problem, *answers: str) -> list[GradedResponse]:
    return graded(asked, [response(asked.id, boxed(answer), run) for run, answer in enumerate(answers)])


def test_a_vote_counts_and_breaks_ties_by_the_answer_given_first():
    def same(left: str, right: str) -> bool:
        return left == right

    assert majority(["a", "b", "b"], same).winner == 1
    tied = majority(["b", "a", None, "a", "b"], same)
    assert (tied.winner, tied.num_votes, tied.is_tied) == (0, 2, True)
    nobody = majority([None, None], same)
    assert (nobody.winner, nobody.num_votes, nobody.is_tied) == (None, 0, False)
    # 1 ~ 2 ~ 3 but not 1 ~ 3: an answer goes to the first it equals
    assert majority([1, 2, 3], lambda left, right: abs(left - right) < 2).num_votes == 2


def test_levels_by_other_thresholds():
    assert [level_of(num, 16) for num in (16, 12, 11, 8, 7, 5, 4, 2, 1, 0)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert [level_of(num, 4, (16, 8)) for num in (4, 3, 2, 1, 0)] == [1, 2, 2, 3, 3]


def test_the_same_answer_in_two_dresses_is_one_vote():
    asked = replace(problem(0, "7/2"), answer_kind=AnswerKind.NUMBER)
    # wrong ones: 0.25 and 1/4 are one answer; text alone would let 9 tie with each
    elected = elect(attempts(asked, "9", "0.25", "\\frac{1}{4}"), STRICT)
    assert (elected.vote.winner, elected.vote.num_votes, elected.is_correct) == (1, 2, False)
    elected = elect(attempts(asked, "9", "3.5", "\\frac{7}{2}"), STRICT)
    assert (elected.vote.num_votes, elected.is_correct) == (2, True)
    options = replace(problem(1, "B"), answer_kind=AnswerKind.OPTION, choices=("red", "blue", "green"))
    assert elect(attempts(options, "C", "(A)", "a", "red"), STRICT).vote.num_votes == 3


def test_what_has_no_answer_does_not_vote():
    asked = problem(0)
    cut = response("p0", "<think>it goes on", 0, StopReason.LENGTH)
    bare = response("p0", "<think>so</think> four", 1)
    elected = elect(graded(asked, [cut, bare, response("p0", RIGHT, 2)]), STRICT)
    assert (elected.vote.num_votes, elected.is_correct) == (1, True)
    assert elect(graded(asked, [cut, bare]), STRICT).vote.winner is None


def test_every_number_by_hand():
    easy = replace(problem(0, level=1), family="sum")
    hard = replace(problem(1, level=5), family="sum")
    chart = replace(problem(2, level=5), family="chart", answer_kind=AnswerKind.NUMBER)
    all_graded = [
        *attempts(easy, "4", "4", "4", "5"),
        *attempts(hard, "5", "5", "4", "6"),
        *graded(
            chart,
            [
                response("p2", "<think>on and on", 0, StopReason.LENGTH, num_tokens=64),
                response("p2", "<think>so</think> it is four", 1, num_tokens=33),
                response("p2", "", 2, StopReason.FAILED, num_tokens=0),
                response("p2", RIGHT, 3, num_tokens=65),
            ],
        ),
    ]
    found = breakdown(all_graded, STRICT, seed=0)
    whole = found.overall
    assert (found.rule, found.num_runs, whole.num_problems, whole.num_responses) == ("strict", 4, 3, 12)
    assert whole.accuracy.value == pytest.approx(5 / 12)
    # pass@2: 1 − C(1,2)/C(4,2) = 1, twice 1 − C(3,2)/C(4,2) = 1/2
    pass_at = {k: None if each is None else round(each.value, 6) for k, each in whole.pass_at.items()}
    assert pass_at == {"1": round(5 / 12, 6), "2": round(2 / 3, 6), "4": 1.0, "8": None, "16": None}
    assert whole.majority is not None
    assert whole.majority.value == pytest.approx(2 / 3)  # p0: 4; p1: 5, wrong; p2: the one vote is right
    assert (whole.num_tied, whole.num_without_votes) == (0, 0)
    assert whole.truncated_fraction == pytest.approx(1 / 12)
    assert whole.extraction_failure_fraction == pytest.approx(1 / 12)
    assert whole.unscored_fraction == pytest.approx(1 / 12)
    assert {name: (each.num_problems, each.accuracy.value) for name, each in found.level.items()} == {
        "1": (1, 0.75),
        "5": (2, 0.25),
    }
    assert list(found.family) == ["chart", "sum"]
    assert {name: each.num_responses for name, each in found.kind.items()} == {"integer": 8, "number": 4}
    assert found.level["1"].accuracy.interval is None  # of one problem
    assert found.generating_level == {}
    lengths = {name: (each.num_problems, each.num_responses) for name, each in found.length.items()}
    assert lengths == {"0-32": (2, 8), "33-64": (1, 2), "65-128": (1, 1)}
    bucket = found.length["33-64"]
    assert (bucket.pass_at["1"], bucket.majority, bucket.num_tied) == (None, None, None)
    assert (bucket.truncated_fraction, bucket.extraction_failure_fraction, bucket.mean_tokens) == (0.5, 0.5, 48.5)


def test_intervals_are_over_problems_and_repeat():
    all_graded = [each for n in range(60) for each in attempts(problem(n, level=1), *("4" if n % 3 else "5",) * 4)]
    found = breakdown(all_graded, STRICT, seed=0).level["1"]
    interval = found.accuracy.interval
    assert interval is not None
    # 40 of 60 problems, whose four responses agree: a standard error of 0.061, not of 240 responses
    assert interval[0] == pytest.approx(2 / 3 - 1.96 * 0.0609, abs=0.02)
    assert interval[1] == pytest.approx(2 / 3 + 1.96 * 0.0609, abs=0.02)
    assert breakdown(all_graded, STRICT, seed=0).level["1"] == found


def test_it_stands_in_the_score_file(tmp_path: Path):
    problems = [problem(number, level=1 + number % 2) for number in range(4)]
    texts = {each.id: [RIGHT, WRONG] for each in problems}
    score = evaluate(tmp_path, problems, texts, protocol(num_runs=2))
    assert score.breakdown is not None
    assert score.breakdown.overall.accuracy.value == score.rules["strict"].metrics["overall"].value == 0.5
    assert score.breakdown.overall.num_tied == 4
    assert score.levels is None
    plain = json.loads((tmp_path / "score.json").read_text())
    assert plain["breakdown"]["level"]["1"]["pass_at"] == {
        "1": {"value": 0.5, "interval": [0.5, 0.5]},
        "2": {"value": 1.0, "interval": [1.0, 1.0]},
        "4": None,
        "8": None,
        "16": None,
    }
    assert read_score(tmp_path / "score.json") == score
