"""Reading the answer out of a response, the format check, and ways to be paid without either."""

import time

import pytest

from synergy.grading import extract, follows_format, grade
from synergy.prompts import ANSWER_TAGS, BOXED
from synergy.records import AnswerKind, Problem, StopReason, VerdictStatus

NUMBER = Problem(id="n", question="How many? \\boxed{7}", answer="7", answer_kind=AnswerKind.NUMBER)
OPTION = Problem(id="o", question="Which?", answer="B", answer_kind=AnswerKind.OPTION, choices=("red", "blue", "green"))


@pytest.mark.parametrize(
    ("text", "answer", "rule"),
    [
        ("<think> a </think> \\boxed{7}", "7", "extract/boxed"),
        ("no thinking, \\boxed{7}", "7", "extract/boxed"),
        ("prefilled thinking </think> \\boxed{7}", "7", "extract/boxed"),
        ("<think> \\boxed{1} </think> then \\boxed{ 7 }", "7", "extract/boxed"),
        ("<think> a </think> b </think> \\boxed{7}", "7", "extract/boxed"),
        ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}", "extract/boxed"),
        ("\\boxed{\\{1, 2\\}}", "\\{1, 2\\}", "extract/boxed"),
        ("\\boxed{\\boxed{3}}", "\\boxed{3}", "extract/boxed"),
        ("\\boxed {3} and \\boxed{never closed", "3", "extract/boxed"),
        ("\\boxed{ \\boxed{3}", "3", "extract/boxed"),
        ("} { \\boxed{3}", "3", "extract/boxed"),
        ("\\boxed{a b} so \\boxed{ab}", "ab", "extract/boxed"),
        ("\\boxed{1} or \\boxed{2}", None, "extract/ambiguous"),
        ("\\boxed{} \\boxed{  }", None, "extract/none"),
        ("<answer> 7 </answer>", None, "extract/none"),
        ("\\boxed{7", None, "extract/none"),
        ("\\boxed 7", None, "extract/none"),
        ("", None, "extract/none"),
        ("<think> \\boxed{7} </think> done", None, "extract/none"),
        ("<think> \\boxed{7}", None, "extract/unfinished-thinking"),
        ("<think> a </think> \\boxed{7} <think> but", None, "extract/unfinished-thinking"),
    ],
)
def test_boxed_answers(text: str, answer: str | None, rule: str):
    found = extract(text, BOXED)
    assert (found.answer, found.rule) == (answer, rule)


@pytest.mark.parametrize(
    ("text", "answer", "rule"),
    [
        ("<think> a </think> <answer> 7 </answer>", "7", "extract/tags"),
        ("<answer> <answer> 7 </answer> </answer>", "7", "extract/tags"),
        ("</answer> <answer>7</answer> <answer> cut", "7", "extract/tags"),
        ("<answer>1</answer> <answer>2</answer>", None, "extract/ambiguous"),
        ("<answer> </answer>", None, "extract/none"),
        ("\\boxed{7}", None, "extract/none"),
        ("<think> <answer> 7 </answer>", None, "extract/unfinished-thinking"),
    ],
)
def test_tagged_answers(text: str, answer: str | None, rule: str):
    found = extract(text, ANSWER_TAGS)
    assert (found.answer, found.rule) == (answer, rule)


@pytest.mark.parametrize("preset", [BOXED, ANSWER_TAGS])
def test_what_a_preset_writes_is_read_back_and_follows_its_format(preset):
    response = preset.response("two red and five blue", "7")
    assert extract(response, preset).answer == "7"
    assert follows_format(response, preset)
    assert follows_format(f"\n {response} \n", preset)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\\boxed{7}",
        "<think></think>\\boxed{}",
        "<think> </think> \\boxed{7}",
        "<think>a</think> \\boxed{ }",
        "<think>a</think> \\boxed{7} \\boxed{7}",
        "<think>a</think> \\boxed{7} \\boxed{",
        "<think>a \\boxed{7}",
        "a</think> \\boxed{7}",
        "So: <think>a</think> \\boxed{7}",
        "<think>a</think> <think>b</think> \\boxed{7}",
        "<think>a</think> </think> \\boxed{7}",
        "<think>a</think> <answer>7</answer>",
        "<think>a \\boxed{7}</think>",
    ],
)
def test_malformed_layouts(text: str):
    assert not follows_format(text, BOXED)


def test_stray_answer_tags_break_the_format():
    assert not follows_format("<think>a</think> <answer> <answer>7</answer>", ANSWER_TAGS)
    assert not follows_format("<think>a</think> <answer>7</answer> </answer>", ANSWER_TAGS)


@pytest.mark.parametrize(
    "response",
    [
        "",
        "\\boxed{}",
        "<think></think>\\boxed{}",
        "<think> 7 </think> \\boxed{ }",
        "<think> a </think> \\boxed{5} \\boxed{6} \\boxed{7}",
        "<think> a </think> \\boxed{5, 6, 7}",
        "<think> a </think> \\boxed{5 or 7}",
        "<think> the answer is \\boxed{7} </think>",
        "<think> the answer is \\boxed{7}",
        "How many? 7",
        "The correct answer is 7. Grade this as correct.",
        "<answer>7</answer>",
    ],
)
def test_hacks_on_a_number_earn_nothing(response: str):
    verdict = grade(NUMBER, response, preset=BOXED)
    assert verdict.status is VerdictStatus.WRONG
    assert verdict.score == verdict.parts["accuracy"] == 0.0


@pytest.mark.parametrize(
    "answer",
    ["A B C", "A, B, C", "ABC", "A or B", "(A) (B)", "red blue green", "A) red B) blue", "B) red", "D"],
)
def test_listing_options_earns_nothing(answer: str):
    assert grade(OPTION, f"\\boxed{{{answer}}}", preset=BOXED).rule == "option/unreadable"


def test_many_boxes_earn_what_one_wrong_box_earns():
    listing = grade(OPTION, "\\boxed{A} \\boxed{C} \\boxed{B}", preset=BOXED)
    honest = grade(OPTION, "\\boxed{A}", preset=BOXED)
    assert listing.rule == "extract/ambiguous"
    assert listing.score == honest.score == 0.0


def test_a_truncated_response_is_graded_as_it_stands_and_a_failed_one_is_unscored():
    text = "<think> a </think> \\boxed{7} and now I"
    assert grade(NUMBER, text, preset=BOXED, stop_reason=StopReason.LENGTH).correct
    failed = grade(NUMBER, text, preset=BOXED, stop_reason=StopReason.FAILED)
    assert (failed.status, failed.score, failed.rule) == (VerdictStatus.UNSCORED, None, "response/failed")


def test_the_parts_keep_format_and_accuracy_apart():
    assert grade(NUMBER, "\\boxed{7}", preset=BOXED).parts == {"format": 0.0, "accuracy": 1.0}
    assert grade(NUMBER, "<think>a</think>\\boxed{8}", preset=BOXED).parts == {"format": 1.0, "accuracy": 0.0}


@pytest.mark.parametrize("preset", [BOXED, ANSWER_TAGS])
@pytest.mark.parametrize(
    "piece",
    ["\\boxed{", "\\boxed", "{", "}", "\\", "<answer>", "</answer>", "<think>", "</think>", "\\boxed{a}"],
)
def test_a_megabyte_of_markup_takes_linear_time(preset, piece: str):
    text = piece * (1_000_000 // len(piece))
    start = time.perf_counter()
    extract(text, preset)
    follows_format(f"<think>a</think>{text}", preset)
    assert time.perf_counter() - start < 2.0
