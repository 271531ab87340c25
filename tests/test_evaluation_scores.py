"""From responses to score files: verdicts side by side, means over runs, intervals, and what is written."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from evaluation_cases import RIGHT, WRONG, evaluate, last_word, overall, problem, protocol, response

from synergy.benchmarks.benchmark import Graded, Value
from synergy.benchmarks.metrics import by_tag
from synergy.errors import FileError, InputError
from synergy.evaluation import verdicts
from synergy.evaluation.intervals import metric_intervals
from synergy.evaluation.score_file import read_score
from synergy.evaluation.verdicts import GradingRules, grade_responses
from synergy.records import StopReason, Verdict, VerdictStatus


def test_per_run_means_levels_and_denominators_by_hand(tmp_path: Path):
    problems = [problem(0, level=1), problem(1, level=1), problem(2, level=5), problem(3)]
    texts = {
        "p0": [RIGHT, RIGHT],
        "p1": [RIGHT, WRONG],
        "p2": [WRONG, WRONG],
        "p3": ["<think>never ends \\boxed{4}", "so it is 4"],
    }
    score = evaluate(tmp_path, problems, texts, protocol(num_runs=2))
    strict = score.rules["strict"]
    assert strict.metrics["overall"].by_run == (0.5, 0.5)
    assert strict.metrics["overall"].value == 0.5
    assert strict.metrics["overall"].num == 4
    assert strict.metrics["overall"].resampled == "problem"
    levels = {level: (found.accuracy, found.num) for level, found in strict.levels.items()}
    assert levels == {"1": (0.75, 2), "5": (0.0, 1)}
    # the official rule wants the last word: "\\boxed{4}" is not "4"
    assert score.rules["official"].metrics["overall"].by_run == (0.0, 0.25)
    assert strict.decided_by["response/truncated"] == 1
    assert sum(strict.decided_by.values()) == 8
    assert score.responses.num == 8
    assert score.responses.truncated_fraction == 1 / 8
    assert score.responses.at_limit_fraction == 0
    assert score.responses.unfinished_thinking_fraction == 1 / 8
    assert score.sampling is not None
    assert score.sampling.first_prompt == "asked: What is question 0?"


def test_truncated_is_zero_under_every_rule_where_the_protocol_says_so():
    cut = response("p0", RIGHT, stop_reason=StopReason.LENGTH)
    unfinished = response("p0", "<think>4 4 4")
    ends_well = response("p0", "it is 4", stop_reason=StopReason.LENGTH)
    failed = response("p0", "", stop_reason=StopReason.FAILED)
    pairs = [(problem(0), each) for each in (cut, unfinished, ends_well, failed)]
    for is_wrong in (True, False):
        rules = GradingRules(extraction=None, truncated_is_wrong=is_wrong, official=last_word, judge=None)
        graded = grade_responses(pairs, rules, lambda stage, done, num: None)
        for each in graded[:3]:
            rules_that_decided = {verdict.rule for verdict in each.verdicts.values()}
            assert (rules_that_decided == {"response/truncated"}) == is_wrong
            assert not is_wrong or all(verdict.score == 0.0 for verdict in each.verdicts.values())
        assert all(verdict.status is VerdictStatus.UNSCORED for verdict in graded[3].verdicts.values())
        assert graded[0].verdicts["strict"].correct != is_wrong
        assert graded[2].verdicts["official"].correct != is_wrong


def test_a_lenient_verdict_is_right_where_a_lenient_reader_says_so(monkeypatch: pytest.MonkeyPatch):
    wrong = Verdict(status=VerdictStatus.WRONG, score=0.0, extracted="50%", rule="number/percent")
    divided = replace(wrong, correct_leniently=True)
    right = replace(wrong, status=VerdictStatus.CORRECT, score=1.0)
    monkeypatch.setattr(verdicts, "grade_many", lambda attempts, preset: [wrong, divided, right])
    rules = GradingRules(extraction=None, truncated_is_wrong=True, official=None, judge=None)
    pairs = [(problem(number), response(f"p{number}", "50%")) for number in range(3)]
    graded = grade_responses(pairs, rules, lambda stage, done, num: None)
    assert [each.verdicts["strict"].correct for each in graded] == [False, False, True]
    assert [each.verdicts["lenient"].correct for each in graded] == [False, True, True]
    assert (graded[1].verdicts["lenient"].score, graded[1].verdicts["lenient"].rule) == (1.0, "number/percent+lenient")


def verdict(correct: bool) -> Verdict:
    status = VerdictStatus.CORRECT if correct else VerdictStatus.WRONG
    return Verdict(status=status, score=float(correct), extracted=None, rule="a/b")


def test_an_interval_is_over_problems_or_over_the_groups_that_a_metric_sums():
    run = [
        Graded(problem=problem(number, group=str(number // 2)), verdict=verdict(number % 3 != 0))
        for number in range(40)
    ]
    found = metric_intervals([run], [overall(run)], overall, seed=0)
    assert found["overall"].unit == "problem"
    assert found["worst_case"].unit == "group"
    for name, interval in found.items():
        assert interval.low < overall(run)[name].value < interval.high
    # 40 coins at 26/40 = 0.65: a standard error of 0.075
    assert found["overall"].low == pytest.approx(0.65 - 1.96 * 0.0754, abs=0.03)
    assert found["overall"].high == pytest.approx(0.65 + 1.96 * 0.0754, abs=0.03)
    assert metric_intervals([run], [overall(run)], overall, seed=0) == found


def test_a_macro_mean_has_no_interval():
    """A category is no random draw: with six of them their bootstrap would say little of the problems."""

    def macro(graded: Sequence[Graded]) -> dict[str, Value]:
        found = by_tag(graded, "category")
        return {"macro": Value(value=sum(each.value for each in found.values()) / len(found), num=len(found))}

    problems = [problem(number, category=str(number % 6)) for number in range(600)]
    run = [Graded(problem=each, verdict=verdict(number % 7 < 4)) for number, each in enumerate(problems)]
    assert metric_intervals([run], [macro(run)], macro, seed=0) == {}


def test_runs_of_a_problem_go_together_in_an_interval():
    """A hundred runs of the same answers tell no more of the problems than one."""
    run = [Graded(problem=problem(number), verdict=verdict(number < 10)) for number in range(20)]
    once = metric_intervals([run], [overall(run)], overall, seed=0)["overall"]
    often = metric_intervals([run] * 5, [overall(run)] * 5, overall, seed=0)["overall"]
    assert once == often


def test_a_score_file_comes_back_as_it_was(tmp_path: Path):
    texts = {"p0": [RIGHT], "p1": [WRONG]}
    score = evaluate(tmp_path, [problem(0), problem(1)], texts, protocol())
    assert read_score(tmp_path / "score.json") == score
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    assert [item["verdicts"]["strict"]["status"] for item in items] == ["correct", "wrong"]
    assert {"vlm-synergy", "math-verify"} <= set(score.packages)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace('"num": 2', '"num": -2'), "expected greater than or equal to 0"),
        (lambda text: text.replace('"extraction": "any"', '"extractor": "any"'), "unknown key 'protocol.extractor'"),
        (lambda text: text.replace('"kind": "score"', '"kind": "train"'), "no score file"),
        (lambda text: text[:100], "no JSON"),
        (lambda text: text.replace('"format": 1', '"format": 7'), "'format' is 7; expected 1"),
    ],
)
def test_a_score_file_that_was_changed_is_refused(tmp_path: Path, change, words: str):
    evaluate(tmp_path, [problem(0), problem(1)], {"p0": [RIGHT], "p1": [WRONG]}, protocol())
    path = tmp_path / "score.json"
    text = path.read_text()
    changed = change(text)
    assert changed != text
    path.write_text(changed)
    with pytest.raises(InputError) as caught:
        read_score(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_score_file_is_one_line(tmp_path: Path):
    with pytest.raises(FileError, match="cannot be read"):
        read_score(tmp_path / "none.json")
