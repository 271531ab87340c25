"""Answers in whatever dress a response gives them, each found by the rule that is named."""

import time

import pytest

from synergy.grading import extract_freely, grade
from synergy.records import AnswerKind, Problem

CHOICES = ("red", "blue", "two circles", "none of them")


def problem(kind: str, answer: str = "B") -> Problem:
    return Problem(id="p", question="?", answer=answer, answer_kind=AnswerKind(kind), choices=CHOICES)


@pytest.mark.parametrize(
    ("kind", "text", "answer", "rule"),
    [
        ("number", "<think>3</think><answer> 7 </answer>", "7", "tags"),
        ("number", "<answer>1</answer> no, <answer>7</answer>", "7", "tags"),
        ("number", "<answer>\\boxed{7}</answer>", "7", "tags"),
        ("number", "first \\boxed{3}, at last \\boxed{7}", "7", "boxed"),
        ("expression", "\\boxed{1}, \\boxed{2} and \\boxed{3}", "1, 2, 3", "boxed"),
        ("expression", "from \\boxed{1} follows \\boxed{2}", "2", "boxed"),
        ("number", "The answer is 7 because 3 + 4 = 7.", "7", "stated"),
        ("number", "Final answer: **7** apples", "7", "stated"),
        ("number", "#### 1,234", "1,234", "stated"),
        ("expression", "Answer: $2x+1$.", "2x+1", "stated"),
        ("number", "答案是7", "7", "stated"),
        ("number", "There were 3, now there are 7 of them", "7", "number"),
        ("number", "so -7.5 remain", "-7.5", "number"),
        ("expression", "so we get $x=3$ and then $\\frac{1}{2}$.", "\\frac{1}{2}", "value"),
        ("expression", "hence $f(x)$ is never above 19", "19", "value"),
        ("expression", "2x+1", "2x+1", "short"),
        ("text", "Paris", "Paris", "whole"),
        ("yes_no", "Looking at it, I would say no.", "no", "yes-no"),
        ("box", "The dog is at [0.1, 0.2, 0.3, 0.4] there", "[0.1, 0.2, 0.3, 0.4]", "bracketed"),
        ("number", "<think>7", None, "unfinished-thinking"),
        ("number", "", None, "none"),
    ],
)
def test_the_rule_that_finds_it(kind: str, text: str, answer: str | None, rule: str):
    found = extract_freely(text, problem(kind))
    assert (found.answer, found.rule) == (answer, f"extract/{rule}")


@pytest.mark.parametrize(
    "text",
    [
        "B",
        "b",
        "(B)",
        "B.",
        "B) blue",
        "(B) blue",
        "**B**",
        "Option B",
        "option (B) is right",
        "The answer is B",
        "The answer is (B).",
        "The correct answer is B because A is red.",
        "Answer: B",
        "The correct option is B, not A.",
        "Looking closely, the circle is blue.",
        "The answer is blue",
        "B. It can't be A or C",
        "It is neither red nor green; therefore B.",
        "<answer>B</answer>",
        "<think>A? no</think> \\boxed{B}",
        "\\boxed{\\text{B}}",
        "I count three circles, so I choose B",
        "Answer:\nB",
    ],
)
def test_an_option_in_every_dress(text: str):
    verdict = grade(problem("option"), text, preset=None)
    assert verdict.correct, (verdict.extracted, verdict.extractor)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A B C D",
        "A, B, C or D",
        "(A) (B) (C)",
        "red blue",
        "I cannot say",
        "E",
        "A circle",
        "Bob",
        "C is not B or A",
    ],
)
def test_no_option_is_guessed(text: str):
    assert not grade(problem("option"), text, preset=None).correct


def test_the_verdict_records_both_rules():
    verdict = grade(problem("number", "7"), "The answer is 7.0", preset=None)
    assert (verdict.extractor, verdict.rule, verdict.extracted) == ("extract/stated", "number/exact", "7.0")
    assert verdict.parts == {"accuracy": 1.0}  # there is no format to follow


@pytest.mark.parametrize(
    "piece", ["answer is ", "\\boxed{", "$", "(B) ", "[1", "Option ", "9,", "\\text{ and } ", "<answer>"]
)
@pytest.mark.parametrize("kind", ["option", "number", "expression", "box", "yes_no"])
def test_hostile_texts_are_searched_in_bounded_time(kind: str, piece: str):
    text = piece * (300_000 // len(piece))
    start = time.perf_counter()
    extract_freely(text, problem(kind))
    assert time.perf_counter() - start < 1.0
