"""Every answer kind that is decided at once: hand-made tables, then properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synergy.grading import grade_answer
from synergy.records import AnswerKind, Problem, VerdictStatus

CHOICES = ("red", "blue", "Two  circles", "red")


def problem(kind: str, answer: str, choices: tuple[str, ...] = CHOICES) -> Problem:
    return Problem(id="p", question="?", answer=answer, answer_kind=AnswerKind(kind), choices=choices)


RIGHT = [
    ("number", "7", ["7.0", " 7 ", "$7$", "+7", "7.", "\\text{7}", "\\(7\\)", "**7**", "\\boxed{7}", "007"]),
    ("number", "-3", ["−3", "- 3", "$-3.00$", "-3."]),
    ("number", "1234.5", ["1,234.5", "1{,}234.50", "$1,234.5$."]),
    ("number", "0.5", [".5", "0.50", "+.5"]),
    ("number", "0", ["-0", "0.0"]),
    ("digit", "4", ["4", " 4. ", "$4$", "\\text{4}"]),
    (
        "option",
        "B",
        ["B", "b", "(B)", "(b)", "B.", "B)", "B:", "$B$", "\\text{B}", "B) blue", "(B) Blue", "BLUE"],
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
        ["", "seven", "7 8", "7,8", "1e1", "7%", "7 cm", "0x7", "٧", "7/1", "--7", "inf", "nan"],
        None,
    ),
    ("number", "1234", ["12,34", "1,2345"], None),
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
        ("expression", "about two"),
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
    gold = {"box": "[0,0,1,1]", "permutation": "3 1 2", "cells": "a,b", "option": "B"}.get(kind, "7")
    assert grade_answer(problem(kind, gold), text).score is not None
