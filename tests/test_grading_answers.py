"""Every answer kind that is decided at once: hand-made tables, then properties."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synergy.grading import grade_answer
from synergy.records import AnswerKind, BoxFormat, Problem, VerdictStatus

CHOICES = ("red", "blue", "Two  circles", "red")


def problem(kind: str, answer: str, choices: tuple[str, ...] = CHOICES) -> Problem:
    return Problem(id="p", question="?", answer=answer, answer_kind=AnswerKind(kind), choices=choices)


RIGHT = [
    ("number", "7", ["7.0", " 7 ", "$7$", "+7", "7.", "\\text{7}", "\\(7\\)", "**7**", "\\boxed{7}", "007"]),
    ("number", "-3", ["−3", "- 3", "$-3.00$", "-3."]),
    ("number", "1234.5", ["1,234.5", "1{,}234.50", "$1,234.5$."]),
    ("number", "0.5", [".5", "0.50", "+.5"]),
    ("number", "0", ["-0", "0.0"]),
    ("number", "7", ["7 cm", "7 apples", "7/1", "14/2", "7°", "7^\\circ", "7 \\text{ cm}", "0.7e1", "7×10^0", "700%"]),
    ("number", "1/2", ["0.5", "\\frac{1}{2}", "\\frac12", "½", "50%", "50 \\%", "50 percent", "2/4", "5e-1"]),
    ("number", "1.5", ["1 1/2", "1\\frac{1}{2}", "3/2", "150%", "1.5e0"]),
    ("number", "12 cm", ["12", "12cm", "12 centimeters", "12.0 \\mathrm{cm}", "12 cm."]),
    ("number", "1e3", ["1000", "1,000", "1 000", "1.0 \\times 10^{3}", "1e+3"]),
    ("number", "$18", ["18", "\\$18", "18 dollars", "$18.00"]),
    ("number", "45°", ["45", "45 degrees", "45^{\\circ}"]),
    ("integer", "204", ["204", "204.0", "$204$", "204 ways"]),
    ("yes_no", "yes", ["Yes", "yes.", "Yes, because it is red", "TRUE", "**Yes**"]),
    ("yes_no", "no", ["No", "no, it is not", "False"]),
    ("text", "Paris", ["paris", "Paris.", "**Paris**", "\\text{Paris}", "the Paris", "'Paris'"]),
    ("text", "The red circle", ["red circle", "Red  circle!", "a red circle"]),
    ("list", "[2, 3.0, five]", ["2, 3, five", "(2,3,five)", "[2.0, 3, Five]", "2; 3; five"]),
    ("open", "A red circle.", ["a red circle", "Red circle"]),
    ("digit", "4", ["4", " 4. ", "$4$", "\\text{4}"]),
    (
        "option",
        "B",
        [
            "B",
            "b",
            "(B)",
            "(b)",
            "B.",
            "B)",
            "B:",
            "$B$",
            "\\text{B}",
            "B) blue",
            "(B) Blue",
            "BLUE",
            "option B",
            "Option (B)",
            "answer: b",
        ],
    ),
    ("option", "C", ["two circles", "C. Two circles", "C two circles"]),
    ("box", "[0.1, 0.2, 0.7, 0.5]", ["0.1,0.2,0.7,0.5", "(.1 .2 .7 .5)", "[0.10, 0.20, 0.70, 0.50]."]),
    ("permutation", "3 1 2", ["3,1,2", "312", "[3, 1, 2]", "( 3 1 2 )", "3, 1, 2."]),
    ("permutation", "10 2", ["10, 2"]),
    (
        "cells",
        "red,blue;green,red",
        ["Red, Blue; Green, Red", "red , blue ;green,red;", "$red,blue;green,red$"],
    ),
]
WRONG = [
    ("number", "7", ["8", "-7", "7.0001", "70"], "number/different"),
    (
        "number",
        "7",
        ["", "seven", "7 8", "7,8", "0x7", "٧", "--7", "inf", "nan", "7/0", "7 or 8", "7 and x", "7x", "3+4", "1e9999"],
        None,
    ),
    ("number", "1234", ["12,34", "1,2345"], None),
    ("number", "7", ["1e1", "7%", "7/2", "1 7/1", "-7 cm"], "number/different"),
    ("number", "12 cm", ["12 m", "12 cm^2", "12 apples"], "number/unit"),
    ("integer", "7", ["7.5", "7/2", "50%", "seven"], None),
    ("yes_no", "yes", ["no", "No.", "false"], "yes_no/different"),
    ("yes_no", "yes", ["", "maybe", "Yes and no", "yesterday", "I say yes"], None),
    ("text", "Paris", ["London", "Paris or London", "Pari s"], "text/different"),
    ("list", "[2, 3]", ["3, 2", "2", "2, 3, 4", "2, 3.1"], "list/different"),
    ("digit", "4", ["5"], "digit/different"),
    ("digit", "4", ["", "44", "4.0", "04", "+4", "four", "٤", "0123456789"], None),
    ("option", "B", ["A", "c", "Two circles"], "option/different"),
    ("option", "B", ["", "D) blue", "E", "B C", "AB", "B) green", "B and C", "red", "b) blue red"], None),
    ("box", "[0.1,0.2,0.7,0.5]", ["0.1,0.2,0.7", "0.7,0.2,0.1,0.5", "0.1,0.2,0.1,0.5", "10,20,70,50"], None),
    (
        "box",
        "[0.1,0.2,0.7,0.5]",
        ["-0.1,0.2,0.7,0.5", "nan,0,1,1", "0,0,1e0,1", "0,0,1,1,1", "a,b,c,d", "[]"],
        None,
    ),
    ("permutation", "3 1 2", ["", "3121", "31", "a b c", "3:1:2", "-3 1 2"], None),
    ("cells", "red", ["", " ; , ;", ","], None),
]


@pytest.mark.parametrize(
    ("kind", "gold", "predicted"),
    [(kind, gold, text) for kind, gold, texts in RIGHT for text in [gold, *texts]],
)
def test_right_answers(kind: str, gold: str, predicted: str):
    verdict = grade_answer(problem(kind, gold), predicted)
    assert verdict.status is VerdictStatus.CORRECT
    assert verdict.score == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "gold", "predicted", "rule"),
    [(kind, gold, text, rule) for kind, gold, texts, rule in WRONG for text in texts],
)
def test_wrong_answers(kind: str, gold: str, predicted: str, rule: str | None):
    verdict = grade_answer(problem(kind, gold), predicted)
    assert (verdict.status, verdict.score) == (VerdictStatus.WRONG, 0.0)
    assert verdict.rule == (rule or f"{kind}/unreadable")


@pytest.mark.parametrize(
    ("kind", "gold"),
    [
        ("number", "seven"),
        ("digit", "12"),
        ("option", "Z"),
        ("option", "red"),
        ("integer", "7.5"),
        ("yes_no", "maybe"),
        ("text", "..."),
        ("box", "[1,2,3,4]"),
        ("permutation", ""),
        ("cells", " "),
    ],
)
def test_a_gold_answer_that_cannot_be_read_leaves_every_answer_unscored(kind: str, gold: str):
    for predicted in (gold, "1", ""):
        verdict = grade_answer(problem(kind, gold), predicted)
        assert (verdict.status, verdict.score) == (VerdictStatus.UNSCORED, None)
        assert verdict.rule == f"{kind}/bad-gold"
        assert verdict.parts == {}


@pytest.mark.parametrize(
    ("kind", "gold", "predicted"),
    [
        ("number", "50%", "50"),
        ("number", "50", "50%"),
        ("number", "3.14159", "3.1416"),
        ("text", "Paris", "It is Paris"),
        ("text", "7.0", "7"),
        ("list", "[2, 3]", "3, 2"),
        ("expression", "50\\%", "50"),
        ("expression", "2\\sqrt{3}", "3.464"),
        ("expression", "\\{1,2\\}", "(1,2)"),
        ("expression", "1.22", "1,22"),
        ("expression", "5m", "5"),
        ("expression", "3", "1+2=4=3"),
    ],
)
def test_where_the_field_is_divided_the_strict_verdict_is_wrong_and_the_lenient_one_right(
    kind: str, gold: str, predicted: str
):
    verdict = grade_answer(problem(kind, gold), predicted)
    assert (verdict.correct, verdict.correct_leniently) == (False, True)
    assert grade_answer(problem(kind, gold), gold).correct_leniently


@pytest.mark.parametrize(
    ("kind", "gold", "predicted"),
    [("number", "50%", "51"), ("number", "7", "8"), ("text", "Paris", "London"), ("expression", "3.14159", "3")],
)
def test_a_wrong_answer_is_wrong_leniently_too(kind: str, gold: str, predicted: str):
    assert not grade_answer(problem(kind, gold), predicted).correct_leniently


@pytest.mark.parametrize(
    ("absolute", "relative", "predicted", "correct"),
    [(0.01, 0.0, "3.15", True), (0.01, 0.0, "3.16", False), (0.0, 0.01, "3.17", True), (0.0, 0.01, "3.18", False)],
)
def test_a_number_may_be_off_by_the_tolerance_that_the_problem_states(
    absolute: float, relative: float, predicted: str, correct: bool
):
    stated = replace(problem("number", "3.14"), absolute_tolerance=absolute, relative_tolerance=relative)
    assert grade_answer(stated, predicted).correct is correct


@pytest.mark.parametrize(
    ("box_format", "gold", "predicted", "score"),
    [
        (BoxFormat.CORNERS_ABSOLUTE, "[10, 20, 30, 40]", "10 20 30 30", 0.5),
        (BoxFormat.SIZE, "[0.1, 0.2, 0.4, 0.4]", "[0.1, 0.2, 0.4, 0.2]", 0.5),
        (BoxFormat.SIZE, "[0.1, 0.2, 0.9, 0.8]", "[0.1, 0.2, 0.95, 0.8]", 0.0),
        (BoxFormat.SIZE_ABSOLUTE, "[10, 20, 20, 20]", "[10, 20, 20, 20]", 1.0),
        (BoxFormat.CORNERS_ABSOLUTE, "[10, 20, 30, 40]", "[10, 20, 20, 20]", 0.0),
    ],
)
def test_what_the_numbers_of_a_box_are_is_declared(box_format: BoxFormat, gold: str, predicted: str, score: float):
    declared = replace(problem("box", gold), box_format=box_format)
    assert grade_answer(declared, predicted).score == pytest.approx(score)


def test_only_a_scorer_can_value_other_words_for_an_open_answer():
    assert grade_answer(problem("open", "A red circle"), "a round thing").rule == "open/needs-scorer"


def test_a_problem_without_choices_has_no_readable_option():
    assert grade_answer(problem("option", "A", ()), "A").status is VerdictStatus.UNSCORED


@pytest.mark.parametrize(
    ("kind", "gold", "predicted", "score", "correct"),
    [
        ("box", "[0,0,1,1]", "[0,0,1,0.5]", 0.5, True),
        ("box", "[0,0,0.5,0.5]", "[0.25,0,0.75,0.5]", 1 / 3, False),
        ("box", "[0,0,0.5,0.5]", "[0.5,0.5,1,1]", 0.0, False),
        ("permutation", "3 1 2", "3 2 1", 1 / 3, False),
        ("permutation", "3 1 2", "3 1", 2 / 3, False),
        ("permutation", "3 1 2", "3 1 2 4", 3 / 4, False),
        ("permutation", "3 1 2", "1 1 1", 1 / 3, False),
        ("cells", "a,b;c,d", "a,b;c,e", 3 / 4, False),
        ("cells", "a,b;c,d", "a,b", 2 / 4, False),
        ("cells", "a,b;c,d", "a,b,x;c,d,x", 4 / 6, False),
        ("cells", "a,b;c,d", "b,a;d,c", 0.0, False),
    ],
)
def test_partial_scores(kind: str, gold: str, predicted: str, score: float, correct: bool):
    verdict = grade_answer(problem(kind, gold), predicted)
    assert verdict.score == pytest.approx(score)
    assert verdict.correct is correct


def join(separator: str):
    return lambda parts: separator.join(map(str, parts))


words = st.text("abcdé ", min_size=1, max_size=5).filter(str.strip)
unit = st.integers(0, 100).map(lambda percent: percent / 100)
spans = st.tuples(unit, unit).filter(lambda span: span[0] != span[1]).map(sorted)
ANSWERS = {
    "number": st.decimals(-(10**6), 10**6, places=3).map(str) | st.integers().map(lambda n: str(n % 10**50)),
    "digit": st.integers(0, 9).map(str),
    "option": st.sampled_from("ABCD"),
    "integer": st.integers(-(10**9), 10**9).map(str),
    "yes_no": st.sampled_from(["yes", "no"]),
    "text": st.lists(st.sampled_from(["red", "blue", "two", "7"]), min_size=1, max_size=4).map(" ".join),
    "list": st.lists(st.integers(-99, 99), min_size=2, max_size=5).map(lambda items: ", ".join(map(str, items))),
    "box": st.tuples(spans, spans).map(lambda b: f"[{b[0][0]}, {b[1][0]}, {b[0][1]}, {b[1][1]}]"),
    "permutation": st.permutations(range(1, 7)).map(join(" ")),
    "cells": st.lists(st.lists(words, min_size=2, max_size=2).map(join(",")), min_size=1).map(join(";")),
}
kinds_and_pairs = st.sampled_from(sorted(ANSWERS)).flatmap(
    lambda kind: st.tuples(st.just(kind), ANSWERS[kind], ANSWERS[kind])
)
wrappings = st.sampled_from(["{}", " {} ", "${}$", "\\({}\\)", "\\text{{{}}}", "**{}**", "{}.", "\n{}\t"])


@given(kinds_and_pairs)
def test_equality_is_reflexive_and_symmetric(case: tuple[str, str, str]):
    kind, one, other = case
    assert grade_answer(problem(kind, one), one).score == pytest.approx(1.0)
    forth, back = grade_answer(problem(kind, one), other), grade_answer(problem(kind, other), one)
    assert forth.score == pytest.approx(back.score)
    assert forth.status is back.status


@given(kinds_and_pairs, wrappings)
def test_wrapping_never_changes_a_verdict(case: tuple[str, str, str], wrapping: str):
    kind, gold, predicted = case
    plain = grade_answer(problem(kind, gold), predicted)
    wrapped = grade_answer(problem(kind, gold), wrapping.format(predicted))
    assert (plain.status, plain.score, plain.rule) == (wrapped.status, wrapped.score, wrapped.rule)


@given(ANSWERS["cells"], st.lists(words, min_size=1).map(join(",")))
def test_padding_cells_never_helps(gold: str, padding: str):
    assert (grade_answer(problem("cells", gold), f"{gold};{padding}").score or 0.0) < 1.0


@given(st.sampled_from(sorted(ANSWERS)), st.text(max_size=30))
def test_any_text_gets_a_verdict(kind: str, text: str):
    gold = {"box": "[0,0,1,1]", "permutation": "3 1 2", "cells": "a,b", "option": "B", "yes_no": "no"}.get(kind, "7")
    assert grade_answer(problem(kind, gold), text).score is not None
