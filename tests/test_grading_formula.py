"""The formula reader: structures, what they equal, and what no probe may confuse."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from synergy.grading.formula import compare_formulas

EQUAL = [
    # intervals, sets, unions, tuples
    ("[0,1)", "\\left[0, 1\\right)"),
    ("(-\\infty, 3]", "(-\\infty,\\, 3.0]"),
    ("[-1,0) \\cup (0,2]", "(0,2] \\cup [-1,0)"),
    ("\\{1,2,3\\}", "3, 1, 2"),
    ("\\{1,2,3\\}", "1, 2 \\text{ and } 3"),
    ("1 \\pm \\sqrt{19}", "1+\\sqrt{19}, 1-\\sqrt{19}"),
    ("(6,31,-1)", "( 6, 31, -1 )"),
    ("[45]", "45"),
    ("\\emptyset", "\\{\\}"),
    ("(1,2),(3,4)", "(3,4), (1,2)"),
    # equations, inequalities, names
    ("2x+4y-3=0", "y=-\\frac{1}{2}x+\\frac{3}{4}"),
    ("x \\le 5", "5 \\ge x"),
    ("x < 1", "-x > -1"),
    ("-2 \\le x \\le 7", "x \\in [-2,7]"),
    ("-2 < x < 7", "14 > 2x > -4"),
    ("x > 3", "(3,\\infty)"),
    ("AB=4,CD=5", "4, 5"),
    ("(p,q)=(3,2)", "(3,2)"),
    ("x=-1 \\text{ or } x=2", "2, -1"),
    ("1000", "10^3 = 1000"),
    ("f(x)=2x+1", "2x+1"),
    # matrices
    (
        "\\begin{pmatrix}6&8\\\\10&12\\end{pmatrix}",
        "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}+\\begin{bmatrix}5&6\\\\7&8\\end{bmatrix}",
    ),
    # notation
    ("2√3", "\\sqrt{12}"),
    ("x²+1", "x^{2}+1"),
    ("60°", "60^\\circ"),
    ("\\sin 30^\\circ", "\\frac12"),
    ("1\\frac{1}{2}", "3/2"),
    ("32,\\!349", "32349"),
    ("\\log_2 8", "3"),
    ("5!", "120"),
    ("\\binom{5}{2}", "10"),
    ("\\sqrt[3]{-8}", "-2"),
    ("(-8)^{1/3}", "-2"),
    ("|{-3}|", "3"),
    ("3\\sqrt{2} \\text{ cm}", "3\\sqrt{2}"),
    ("9πcm^{2}", "9\\pi"),
    ("2√{15}米", "2\\sqrt{15}"),
    ("\\tan^2 y + 1", "\\sec^2 y"),
    ("\\sin^{-1} x", "\\arcsin x"),
    ("e^{i\\pi}", "-1"),
    ("\\lfloor 7/2 \\rfloor", "3"),
    ("0.0833333333333333", "1/12"),
]
DIFFERENT = [
    ("[0,1)", "[0,1]"),
    ("[0,1)", "(0,1)"),
    ("(1,2)", "(2,1)"),
    ("\\{1,2\\}", "\\{1,2,2\\}"),
    ("1,2", "1"),
    ("\\{1,2\\}", "(1,2)"),
    ("x=1,y=2", "x=2,y=1"),
    ("y=x+3", "y=x"),
    ("x+z=2y", "x+z=2y+1"),
    ("x+z", "2y"),
    ("x < 1", "x > -1"),
    ("x < 1", "x \\le 1"),
    ("f(2)<f(1)<f(4)", "f(2)<f(8)<f(4)"),
    ("7=11a+c", "11a+c"),
    ("xy=12", "12"),
    ("2^{100}", "2^{100}+1"),
    ("50\\%", "50"),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1&2\\\\3&5\\end{pmatrix}"),
    ("\\begin{pmatrix}1&2\\end{pmatrix}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}"),
    ("x", "|x|"),
    ("\\sqrt{x^2}", "x"),
    ("204_5", "204_6"),
    ("x_1", "x_2"),
]
UNREAD = ["", "I think", "2 3", "(", "\\frac{1}", "x^", "\\int x dx", "a" * 700, "(" * 100 + ")" * 100, "𝟕"]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_the_same_answer_in_two_forms(one: str, other: str):
    assert compare_formulas(one, other).equal
    if "=" not in other or "=" in one:  # an equation of constants is read as its last side in answers alone
        assert compare_formulas(other, one).equal


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_answers(one: str, other: str):
    decision = compare_formulas(one, other)
    assert (decision.equal, decision.undecided) == (False, None)
    assert not compare_formulas(other, one).equal


@pytest.mark.parametrize("text", UNREAD)
def test_what_cannot_be_read_is_said_so(text: str):
    assert compare_formulas("x", text).undecided == "unreadable"
    assert compare_formulas(text, "x").undecided == "bad-gold"


def test_what_is_too_large_to_compute_is_left_undecided():
    assert compare_formulas("9^{9^{9^{9}}}", "8^{9^{9^{9}}}").undecided == "unknown"


@pytest.mark.parametrize(
    ("gold", "other", "lenient"),
    [
        ("50\\%", "50", True),
        ("\\pi", "3.14", True),
        ("\\pi", "3.15", False),
        ("\\pi", "3", False),
        ("2/3", "0.667", True),
        ("2/3", "0.67", False),
        ("(\\frac{3}{5},\\frac{8}{3}]", "(0.6,2.667]", True),
        ("[0,1)", "(0,1)", False),
        ("\\{1,2\\}", "(1,2)", True),
    ],
)
def test_lenient_equality(gold: str, other: str, lenient: bool):
    decision = compare_formulas(gold, other)
    assert (decision.equal, decision.leniently_equal) == (False, lenient)


small = st.integers(1, 50)
rational = small.map(str) | st.sampled_from(["x", "y"])
atoms = rational | st.sampled_from(["\\pi", "\\sqrt{2}"])


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3, atoms: st.SearchStrategy[str] = atoms) -> str:
    if depth == 0:
        return draw(atoms)
    one, other = draw(formulas(depth - 1, atoms)), draw(formulas(depth - 1, atoms))
    form = draw(st.sampled_from(["({}+{})", "({}-{})", "({}\\cdot {})", "\\frac{{{}}}{{{}}}", "({})^2+{}", "{}"]))
    return form.format(one, other)


@given(formulas())
def test_equality_is_reflexive(formula: str):
    decision = compare_formulas(formula, f" {formula} ")
    assert decision.equal or decision.undecided == "unknown"  # a division by zero has no value


@given(formulas(), formulas())
def test_equality_is_symmetric(one: str, other: str):
    forth, back = compare_formulas(one, other), compare_formulas(other, one)
    assert forth.equal == back.equal


@given(formulas(), formulas())
def test_adding_and_scaling_keep_equality_and_difference(one: str, other: str):
    plain = compare_formulas(one, other)
    assume(plain.undecided is None)
    assert compare_formulas(f"{one}+x", f"x+{other}").equal == plain.equal
    assert compare_formulas(f"3({one})", f"({other})\\cdot 3").equal == plain.equal


@given(formulas(atoms=rational))
def test_one_more_is_never_the_same(formula: str):
    assert not compare_formulas(formula, f"{formula}+1").equal


@given(st.lists(small, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_a_set_never_matters_and_of_a_tuple_always_does(items: list[int], random):
    shuffled = random.sample(items, len(items))
    one, other = ", ".join(map(str, items)), ", ".join(map(str, shuffled))
    assert compare_formulas(f"\\{{{one}\\}}", f"\\{{{other}\\}}").equal
    assert compare_formulas(f"({one})", f"({other})").equal == (items == shuffled)


VARIATIONS = [
    ("(", "\\left("),
    (")", "\\right)"),
    ("\\frac", "\\dfrac"),
    ("\\cdot", "\\times"),
    ("+", " + "),
    ("-", "\u2212"),
    ("x", "{x}"),
    ("\\pi", "π"),
    ("^2", "²"),
    ("\\sqrt{2}", "√2"),
    ("\\sqrt{2}", "\\sqrt2"),
]


@given(formulas(), formulas(), st.lists(st.sampled_from(VARIATIONS), min_size=1, max_size=4))
def test_notation_never_changes_a_decision(gold: str, predicted: str, variations: list[tuple[str, str]]):
    varied = predicted
    for old, new in variations:
        varied = varied.replace(old, new)
    plain, changed = compare_formulas(gold, predicted), compare_formulas(gold, varied)
    assert (plain.equal, plain.undecided) == (changed.equal, changed.undecided)
