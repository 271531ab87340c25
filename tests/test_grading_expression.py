"""Formulas: what equals the pocket world's golds and what does not, and answers made to break the checker."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synergy.grading import Attempt, WorkerPool, grade_answer, grade_many
from synergy.prompts import BOXED
from synergy.records import AnswerKind, Problem, VerdictStatus

SINE = "2\\sin(\\pi x/2)+3"
# Forms divided by ";".
EQUAL = {
    "2x+1": """
        1+2x ; y = 2*x + 1 ; f(x)=2x+1 ; 2 x + 1 ; 2\\cdot x+1 ; x+x+1 ; $2x+1$. ; 2×x+1 ; y=1+x*2 ;
        (4x+2)/2 ; 1-(-2x) ; 2\\,x+1 ; \\boxed{2x+1} ; 2X+1 ; \\text{2x+1} ; 1 + 2 \\times x ;
        2(x)+1
    """,
    "-x+5": """
        5-x ; -(x-5) ; y=-1x+5 ; −x+5 ; 5 + -x ; -1*x+5
    """,
    "3": """
        y=3 ; f(x) = 3 ; 3.0 ; \\frac{6}{2} ; 3. ; 6/2 ; \\sqrt{9} ; √9 ; 300\\%
    """,
    "x/2+3": """
        \\frac{x}{2}+3 ; 0.5x+3 ; .5x+3 ; 3+x/2 ; \\frac12x+3 ; 1/2x+3 ; (1/2)x+3 ; ½x+3 ;
        \\dfrac{1}{2} x + 3 ; 1/2*x+3 ; (x+6)/2 ; \\frac{x+6}{2} ; 1/2 (x+6)
    """,
    "(x-2)^2+1": """
        x^2-4x+5 ; x**2-4x+5 ; (x−2)²+1 ; (2-x)^2+1 ; (x-2)(x-2)+1 ; x(x-4)+5 ; x*x-4*x+5 ;
        y=\\left(x-2\\right)^{2}+1 ; x^(2) - 4x + 5
    """,
    "-2(x-1)^2+7": """
        -2x^2+4x+5 ; 7-2(x-1)^2 ; -2*(x-1)**2+7 ; -2(1-x)^2+7 ; 7 - 2\\left(x - 1\\right)^2
    """,
    SINE: """
        3+2\\sin\\left(\\frac{\\pi x}{2}\\right) ; 2*sin(pi*x/2)+3 ; sin(pi x / 2)*2 + 3 ;
        2sin(πx/2)+3 ; y = 2\\sin(\\frac{\\pi}{2}x)+3 ; 2sin(pi/2 x)+3 ; 2\\sin(0.5\\pi x)+3 ;
        2 sin((π/2)·x) + 3 ; -2\\sin(-\\pi x/2)+3 ; 2\\sin\\frac{\\pi x}{2}+3 ;
        2\\cos(\\pi x/2-\\pi/2)+3 ; 2\\sin(\\pi x/2+2\\pi)+3 ; 2\\operatorname{sin}(\\pi x/2)+3 ;
        2\\sin\\!\\left(\\frac{\\pi}{2}\\, x\\right) + 3
    """,
    "-\\sin(\\pi x/2)+4": """
        4-\\sin(\\pi x/2) ; \\sin(-\\pi x/2)+4 ; -sin(pi*x/2)+4 ; 4 - sin(πx/2)
    """,
    "2\\sqrt{3}": """
        2√3 ; \\sqrt{12} ; sqrt(12) ; 2*sqrt(3) ; 6/\\sqrt3
    """,
}
DIFFERENT = {
    "2x+1": """
        2x+2 ; 2x-1 ; -2x+1 ; 2z+1 ; x+1 ; 2x ; 2x^2+1 ; 2 ; 2x+1=2x+1 ; 2x+2=2x+1 ; y=1=2x+1 ;
        2x+1,2x+2 ; 2x\\pm1 ; 2x+1 or 2x+2 ; \\{2x+1, 2x+2\\} ; 2x+1\\% ; 1/0 ; \\infty ; 0/0 ; x>1
    """,
    "3": """
        2 ; x ; 3x ; -3 ; 3.0001 ; 30\\% ; 3\\% ; 1,2,3 ; 1+1 ; 1(2)
    """,
    "x/2+3": """
        x/(2+3) ; 2x+3 ; \\frac{3}{2}+x ; 0.50001x+3 ; 1/(2x)+3 ; \\frac{1}{2x}+3
    """,
    "(x-2)^2+1": """
        (x+2)^2+1 ; (x-2)^2-1 ; (x-2)^3+1 ; x^2-2^2+1 ; x^2+5
    """,
    SINE: """
        2\\cos(\\pi x/2)+3 ; 2\\sin(\\pi x/3)+3 ; 3\\sin(\\pi x/2)+2 ; 2\\sin(\\pi x)/2+3 ;
        2sin(1.5708x)+3
    """,
}
UNREADABLE = [
    "",
    "I think it is 2x+1",
    "2x+1 is the answer",
    "x" * 501,
    "(" * 10_000,
]
UNREADABLE += [
    "\ud800",
    "2x+1\u202e",
    "\x00",
    "\\frac" * 50,
    "{" * 12,
    "2 3",
    "()",
    "__import__('os')",
    "+",
]


def forms(table: str) -> list[str]:
    return [form.strip() for form in table.split(";")]


def problem(answer: str) -> Problem:
    return Problem(id="e", question="Which function?", answer=answer, answer_kind=AnswerKind.EXPRESSION)


@pytest.mark.parametrize("gold", EQUAL)
def test_equivalent_forms_are_right_in_both_directions(gold: str):
    for predicted in [gold, *forms(EQUAL[gold])]:
        assert grade_answer(problem(gold), predicted).correct, predicted
        assert grade_answer(problem(predicted), gold).correct, predicted


@pytest.mark.parametrize("gold", DIFFERENT)
def test_near_misses_are_wrong(gold: str):
    for predicted in forms(DIFFERENT[gold]):
        verdict = grade_answer(problem(gold), predicted)
        assert verdict.status is VerdictStatus.WRONG, (predicted, verdict.rule)
        assert verdict.rule in ("expression/different", "expression/unreadable")


@pytest.mark.parametrize("predicted", UNREADABLE)
def test_what_is_no_formula_is_unreadable(predicted: str):
    assert grade_answer(problem("2x+1"), predicted).rule == "expression/unreadable"


def test_a_gold_answer_that_only_the_engine_finds_unreadable_is_unscored():
    verdict = grade_answer(problem("2x+"), "2x+1")
    assert (verdict.status, verdict.rule) == (VerdictStatus.UNSCORED, "expression/bad-gold")


@pytest.mark.parametrize("bomb", ["9^{9^{9^{9}}}", "((x+1)^{999}+2)^{999}", "2^{100000000}", "x^99999", "9!!!!", "1/0"])
def test_an_answer_too_large_to_compute_is_wrong_at_once(bomb: str):
    start = time.perf_counter()
    verdict = grade_answer(problem("2x+1"), bomb)
    assert time.perf_counter() - start < 0.1
    assert (verdict.status, verdict.rule) == (VerdictStatus.WRONG, "expression/different")


def test_an_answer_that_hangs_the_engine_is_wrong_within_the_limit():
    gold, bomb = "\\int_0^1 x^{7^{7^{7}}} dx", "\\int_0^1 (x+1)^{7^{7^{7}}} dx"
    with WorkerPool(num_workers=1, limit_seconds=1.0) as pool:
        grade_answer(problem("\\int_0^1 x dx"), "\\int_0^1 2x dx", pool=pool)  # so that the worker has started
        start = time.perf_counter()
        verdict = grade_answer(problem(gold), bomb, pool=pool)
        assert time.perf_counter() - start < 2.5  # the limit, and a second to start another worker
    assert (verdict.status, verdict.score) == (VerdictStatus.WRONG, 0.0)
    assert verdict.rule in ("expression/timeout", "expression/crash")


@pytest.mark.parametrize("garbage", ["2x+ = \\frac{1}{2}", "+* \\frac{1}{2}", "7+\\frac{1}{2}\\", "* \\[\\frac12\\]"])
def test_a_right_piece_in_garbage_is_wrong(garbage: str):
    assert grade_answer(problem("\\frac{1}{2}"), garbage).status is VerdictStatus.WRONG


def test_many_keep_their_order_and_mix_kinds():
    number = Problem(id="n", question="?", answer="7", answer_kind=AnswerKind.NUMBER)
    attempts, expected = [], []
    for position in range(60):
        answer = ("2x+1", "1+2x", f"{position}x+1")[position % 3]
        formula = Attempt(problem=problem("2x+1"), response=f"\\boxed{{{answer}}}")
        counting = Attempt(problem=number, response=f"\\boxed{{{position}}}")
        attempts += [formula, counting]
        expected += [position % 3 < 2 or position == 2, position == 7]
    assert [verdict.correct for verdict in grade_many(attempts, preset=BOXED)] == expected


def test_nothing_to_grade_gives_no_verdicts():
    assert grade_many([], preset=BOXED) == []


terms = st.tuples(st.integers(-9, 9), st.integers(0, 3)).map(lambda t: f"{t[0]}x^{t[1]}")


@settings(max_examples=25, deadline=None)
@given(st.lists(terms, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_terms_and_spacing_never_matter(formula: list[str], random):
    gold = "+".join(formula)
    shuffled = random.sample(formula, len(formula))
    assert grade_answer(problem(gold), " + ".join(shuffled)).correct
    assert not grade_answer(problem(gold), "+".join([*shuffled, "1"])).correct
