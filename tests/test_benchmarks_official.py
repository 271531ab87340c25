r"""Official rules on responses made by hand: what they accept, and what they do not, oddities of theirs included."""

import time

import pytest

from synergy.benchmarks.equality import tora_equal
from synergy.benchmarks.gsm8k import answer_line, tora
from synergy.benchmarks.mathvista import edit_distance
from synergy.benchmarks.plain_math import read_plain_math
from synergy.benchmarks.registry import BENCHMARKS, get_benchmark
from synergy.benchmarks.stated import stated_answer
from synergy.records import AnswerKind, Problem, Verdict

ANIMALS = ("a cat", "a dog", "a cow", "a hen")


def problem(answer: str, *choices: str, kind: AnswerKind = AnswerKind.EXPRESSION, **tags: str) -> Problem:
    found = AnswerKind.OPTION if choices else kind
    return Problem(id="", question="?", answer=answer, answer_kind=found, choices=choices, tags=tags)


def judged(name: str, asked: Problem, response: str) -> Verdict:
    verdict = get_benchmark(name).official(asked, response)
    assert verdict.rule.startswith("official/")
    return verdict


@pytest.mark.parametrize(
    ("response", "letter", "rule"),
    [
        ("B", "B", "letter"),
        ("The answer is (B).", "B", "letter"),
        ("**B**", "B", "letter"),
        ("It must be B: a dog", "B", "letter"),
        ("a dog", "B", "text"),
        ("I see a DOG there", "B", "text"),
        ("I see A DOG there", "A", "letter"),  # a lone "A" is an option even where it is an article
        ("b", None, "none"),
        ("B at first, but then after some more thought I am not sure", None, "none"),  # too far from the end
        ("A or B", None, "none"),
        ("a cat, a dog", None, "none"),
        ("There is a dog. " + "I looked for very long. " * 3, None, "none"),  # longer than twice the options
        ("Cannot determine the answer B", None, "none"),
        ("", None, "none"),
    ],
)
def test_vlmevalkit_options(response: str, letter: str | None, rule: str) -> None:
    verdict = judged("mmstar", problem("B", *ANIMALS), response)
    assert (verdict.extracted, verdict.rule) == (letter, f"official/vlmevalkit/{rule}")
    assert verdict.correct == (letter == "B")


@pytest.mark.parametrize(
    ("name", "response", "letter", "rule"),
    [
        ("mmmu", "(A) is not right, so (B)", "B", "bracket"),
        ("mmmu", "The answer is B.", "B", "letter"),
        ("mmmu", "A or B then", "B", "letter"),
        ("mmmu", "What I can see is a dog and a hen!", "D", "text"),
        ("mmmu", "It is a dog", None, "none"),  # too short for texts
        ("mmmu", "B.", "B", "letter"),
        ("mmmu_pro", "First (A)\nAnswer: B", "B", "answer"),
        ("mmmu_pro", "Answer: A or B, I say (A)", "A", "bracket"),
        ("mmmu_pro", "B. a dog", "B", "dot"),
        ("mmmu_pro", "hard to say", None, "none"),
    ],
)
def test_mmmu_options(name: str, response: str, letter: str | None, rule: str) -> None:
    verdict = judged(name, problem("B", *ANIMALS), response)
    assert (verdict.extracted, verdict.rule) == (letter, f"official/{name}/{rule}")


@pytest.mark.parametrize(
    ("gold", "response", "correct"),
    [
        ("60", "The throughput is 60 Mbps", True),
        ("1.06", "so x = 1.064", True),  # two decimals
        ("1.06", "so x = 1.07", False),
        ("1,000", "It is 1000", True),
        ("embryonic", "It is the Embryonic stage.", True),
        ("A", "A", True),
        ("A", "Point A shows it", True),  # a lone letter counts with a space beside it
        ("A", "It is Part", False),
        ("3", "Two.", False),
    ],
)
def test_mmmu_short_answers(gold: str, response: str, correct: bool) -> None:
    assert judged("mmmu", problem(gold, kind=AnswerKind.TEXT), response).correct == correct


@pytest.mark.parametrize(
    ("response", "correct"),
    [
        ("<Thought process>: <<so>> <Answer>: <<B>>", True),
        ("Answer: B. a dog", True),
        ("Answer: A. Answer: B", True),
        ("The Answer is B", False),  # the first character is not a letter of an option
        ("B", True),
        ("b", False),
        ("", False),
    ],
)
def test_wemath_template(response: str, correct: bool) -> None:
    assert judged("wemath", problem("B", *ANIMALS), response).correct == correct


@pytest.mark.parametrize(
    ("answer_type", "gold", "response", "correct", "extractor"),
    [
        ("float", "3.141", '{"solution": "so", "short answer": "3.142"}', True, "dynamath/json"),
        ("float", "3.141", '{"solution": "so", "short answer": "3.1421"}', False, "dynamath/json"),
        ("float", "6.283", '```json\n{"solution": "\\frac{1}{2}", "short answer": "2π"}\n```', True, "dynamath/json"),
        ("float", "5", '{"solution": "so", "short answer": 5.0}', True, "dynamath/json"),
        ("float", "5", "5 cm", True, "dynamath/whole"),
        ("float", "5", "It is \\boxed{5}", True, "stated/boxed"),
        ("float", "5", "it is five", False, "dynamath/whole"),
        ("multiple choice", "B", '{"solution": "", "short answer": "b"}', True, "dynamath/json"),
        ("multiple choice", "B", '{"solution": "", "short answer": "(B) 12"}', True, "dynamath/json"),
        ("multiple choice", "B", '{"solution": "", "short answer": "A or B"}', False, "dynamath/whole"),
        ("multiple choice", "B", "B, not A", True, "dynamath/whole"),  # the letter is among the first three characters
        ("text", "[0, π)", '{"solution": "", "short answer": "π"}', True, "dynamath/json"),  # stands in the gold one
        ("text", "[0, π)", '{"solution": "", "short answer": ""}', False, "dynamath/json"),
        ("text", "even", '{"solution": "", "short answer": "odd"}', False, "dynamath/json"),
    ],
)
def test_dynamath(answer_type: str, gold: str, response: str, correct: bool, extractor: str) -> None:
    verdict = judged("dynamath", problem(gold, kind=AnswerKind.TEXT, answer_type=answer_type), response)
    assert (verdict.correct, verdict.extractor) == (correct, extractor)


@pytest.mark.parametrize(
    ("gold", "response", "correct"),
    [
        ("A, C", "C, A", True),
        ("A, C", "AC", True),
        ("A, C", "A", False),
        ("A, C", "The answer is A and C.", True),
        ("C", "\\boxed{C}", True),
        ("C", "Answer: C because the others turn", True),
        ("C", "Answer: Circles", False),
        ("3", "<answer>3</answer>", True),
        ("C", "I see nothing", False),
    ],
)
def test_logicvista_sets(gold: str, response: str, correct: bool) -> None:
    assert judged("logicvista", problem(gold, kind=AnswerKind.LIST), response).correct == correct


@pytest.mark.parametrize(
    ("response", "correct"),
    [("B", True), ("<think>A?</think> The answer is B", True), ("B:60°", False), ("C", False), ("", False)],
)
def test_mathverse_same_text(response: str, correct: bool) -> None:
    assert judged("mathverse", problem("B", "40°", "60°"), response).correct == correct


@pytest.mark.parametrize(
    ("asked", "response", "extracted", "correct"),
    [
        (problem("B", *ANIMALS, answer_type="text"), "a dog", "a dog", True),
        (problem("B", *ANIMALS, answer_type="text"), 'The answer is "a dgo".', "a dog", True),  # the nearest option
        (problem("B", *ANIMALS, answer_type="text"), "so \\boxed{(B)}", "a dog", True),
        (problem("B", *ANIMALS, answer_type="text"), "D", "a hen", False),
        (problem("B", *ANIMALS, answer_type="text"), "I have looked at all of it for long, to no avail.", None, False),
        (problem("12", kind=AnswerKind.INTEGER, answer_type="integer"), "12", "12", True),
        (problem("12", kind=AnswerKind.INTEGER, answer_type="integer"), "<answer>12.7</answer>", "12", True),  # cut
        (problem("12", kind=AnswerKind.INTEGER, answer_type="integer"), "\\boxed{twelve}", None, False),
        (problem("1.2", kind=AnswerKind.NUMBER, answer_type="float", precision="1"), "1.24", "1.2", True),
        (problem("1.2", kind=AnswerKind.NUMBER, answer_type="float", precision="1"), "Answer: 1.26", "1.3", False),
        (problem("[1, 2]", kind=AnswerKind.LIST, answer_type="list"), "The answer is [1, 2]", "[1, 2]", True),
        (problem("red", kind=AnswerKind.TEXT, answer_type="text"), "red", "red", True),
        (problem("red", kind=AnswerKind.TEXT, answer_type="text"), "Red", "Red", False),
    ],
)
def test_mathvista(asked: Problem, response: str, extracted: str | None, correct: bool) -> None:
    verdict = judged("mathvista", asked, response)
    assert (verdict.extracted, verdict.correct) == (extracted, correct)


@pytest.mark.parametrize(
    ("asked", "response", "correct"),
    [
        (problem("B", "12", "13"), "so it is (B).", True),
        (problem("B", "12", "13"), "B\nbecause", True),
        (problem("B", "12", "13"), "\\boxed{B}", True),
        (problem("B", "12", "13"), "\\boxed{13}", True),  # the option's text
        (problem("B", "12", "13"), "\\boxed{\\text{(B)}}", True),
        (problem("B", "12", "13"), "\\boxed{12}", False),
        (problem("13"), "The value is 13.", True),
        (problem("13"), "Therefore the answer is 13.004 cm. I am sure", False),  # the unit stays: no number
        (problem("13"), "\\boxed{A} or \\boxed{x=13.004}", True),  # the last box, after "=", two decimals
        (problem("13"), "\\boxed{13.006}", False),
        (problem("\\frac{1}{2}"), "\\boxed{0.5}", True),
        (problem("60"), "\\boxed{60^{\\circ}}", True),
        (problem("13"), "", False),
    ],
)
def test_mathvision(asked: Problem, response: str, correct: bool) -> None:
    assert judged("mathvision", asked, response).correct == correct


@pytest.mark.parametrize(
    ("name", "gold", "response", "correct"),
    [
        ("gsm8k", "1200", "so 1,200 it is\n#### 1,200", True),
        ("gsm8k", "1200", "#### 1200 or 1300", True),
        ("gsm8k", "1200", "he has $1,200.", True),  # the last number
        ("gsm8k", "1200", "1200 and 7", False),
        ("math500", "\\frac{1}{2}", "\\boxed{1} no, \\boxed{0.5}", True),
        ("math500", "\\frac{1}{2}", "1/2", False),  # nothing in a box
        ("math500", "\\text{Evelyn}", "\\boxed{\\text{Evelyn}}", True),
        ("aime24", "73", "\\boxed{073}", True),
        ("aime24", "73", "\\boxed{73.0}", True),
        ("aime24", "73", "\\boxed{73.5}", False),
        ("aime25", "73", "73", False),
        ("minerva_math", "6.67e-11", "\\boxed{6.6703e-11}", True),  # 0.5 in 10,000 off
        ("minerva_math", "6.67e-11", "\\boxed{6.68e-11}", False),
        ("minerva_math", "x^2+1", "\\boxed{1+x^2}", True),
        ("olympiadbench", "2,3", "\\boxed{3} and \\boxed{2}", True),  # all boxes, in any order
        ("olympiadbench", "2,3", "\\boxed{3}", False),
        ("olympiadbench", "\\pm 2", "\\boxed{2, -2}", True),
        ("olympiadbench", "\\pm 2", "\\boxed{2}", False),
        ("olympiadbench", "(1,2)", "\\boxed{(1,2)}", True),
        ("olympiadbench", "50", "\\boxed{0.5}", True),  # as a percentage
        ("svamp", "145", "there are 145", True),
        ("svamp", "145", "145 + 1 = 146", False),
        ("aqua", "B", "so the answer is (b)", True),
        ("aqua", "B", "\\boxed{\\text{B}}", True),
        ("aqua", "B", "A, no: C", False),
    ],
)
def test_text_only(name: str, gold: str, response: str, correct: bool) -> None:
    assert judged(name, problem(gold), response).correct == correct


def test_olympiadbench_tolerance_is_the_problems_own() -> None:
    read = get_benchmark("olympiadbench").read
    row = {"id": 1, "question": "?", "final_answer": ["4.2"], "context": "Let x be so.", "answer_type": "Numerical"}
    loose, strict = read({**row, "error": "1e-1"}), read(row)
    assert loose.question == "Let x be so.\n?"
    verdicts = [judged("olympiadbench", asked, "\\boxed{4.29}").correct for asked in (loose, strict)]
    assert verdicts == [True, False]


@pytest.mark.parametrize(
    ("predicted", "gold", "correct"),
    [
        ("1,000.05", "1000", True),
        ("1000.2", "1,000", False),
        ("0.5", "50", True),
        ("50", "0.5", True),
        ("x", "1", False),
    ],
)
def test_tora(predicted: str, gold: str, correct: bool) -> None:
    assert tora(problem(gold), predicted).correct == tora_equal(predicted, gold) == correct


def test_answer_lines_are_texts_but_for_commas() -> None:
    assert answer_line(problem("3,000"), "so\nA: 3000").correct
    assert not answer_line(problem("3"), "A: 3.0").correct
    assert not answer_line(problem("3"), "3").correct


@pytest.mark.parametrize(
    ("response", "read"),
    [
        ("<think>so 40.0.</think>\n<answer>55</answer>", "40"),  # the tag stands before 55, so the thinking decides
        ("<think>so 40.</think>\n<answer>\n55\n</answer>", "55"),
        ("the answer is 12, not 13", "12"),
        ("\\boxed{9} of 196.", "9"),
        ("\\boxed{p - q} and 3", "p - q"),
        ("the final answer to this is 7, the answer: 8", "7"),
        ("x = 3/4", "3/4"),
        ("so 2^3", "8"),
        ("2√3", "2"),
        ("√3", None),
        ("it is \\frac{12}{5} cm", "12/5"),
        ("it is $\\sqrt{20}$", "\\sqrt{20}"),
        ("1,234.5 in all", "2469/2"),
        ("9^9999999 ", "9"),  # the power is not computed
        ("no number", None),
    ],
)
def test_math_verifys_default_reading(response: str, read: str | None) -> None:
    found = read_plain_math(response)
    assert (None if found is None else str(found)) == read


@pytest.mark.parametrize(
    ("name", "gold", "response", "correct"),
    [
        ("geoqa", "140°", "angle = 140.0", True),
        ("geoqa", "140°", "angle = 40", False),
        ("geoqa", "2√{3}", "it is 2", True),  # only the 2 of the gold answer is read
        ("geoqa", "√{3}", "it is √{3}", False),  # nothing is
        ("geoqa", "\\frac{1}{2}", "it is 1/2", True),
        ("superclevr", "4", "<answer>\n 4 </answer>", True),
        ("superclevr", "4", "<answer>four</answer>", False),
        ("superclevr", "4", "<answer>5</answer> <answer>4</answer>", False),  # the first
        ("superclevr", "4", "4", False),
    ],
)
def test_r1v(name: str, gold: str, response: str, correct: bool) -> None:
    assert judged(name, problem(gold), response).correct == correct


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("<think>\\boxed{1}</think> \\boxed{2} \\boxed{3}", "3"),
        ("<answer>4</answer> \\boxed{5}", "4"),
        ("The final answer is: **6**.", "6"),
        ("Answer: 7\nbecause", "7"),
        ("<think>Answer: 8", None),
        ("9", None),
    ],
)
def test_stated_answers(response: str, answer: str | None) -> None:
    found = stated_answer(response)
    assert (found.answer if found else None) == answer


def test_edit_distance() -> None:
    assert [edit_distance(*pair) for pair in (("", "abc"), ("kitten", "sitting"), ("dog", "dog"))] == [3, 3, 0]


HOSTILE = [
    "answer" * 4_000,
    "answer= " * 3_000,
    " 1+1" * 5_000,
    "1 " * 20_000,
    "\\[" * 20_000,
    "$$" * 20_000,
    "{" * 50_000 + "}" * 50_000,
    "\\boxed{" * 20_000,
    "<answer>" * 5_000,
    "x" * 1_000_000,
    "\ud800\x00\u202e",
    " 9^9^9^9^9 \\boxed{9^{9^{9^{9}}}}",
    "\\boxed{__import__('os').getcwd()}",
    '{"solution": ' + "[" * 20_000,
]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_hostile_responses_are_wrong_in_bounded_time(name: str) -> None:
    has_options = name in ("mmstar", "wemath", "aqua", "mmmu", "mmmu_pro", "mathvision")
    tags = {"answer_type": "float", "precision": "1"}
    asked = problem("B" if has_options else "12", *(ANIMALS if has_options else ()), **tags)
    for response in HOSTILE:
        start = time.monotonic()
        assert not judged(name, asked, response).correct
        assert time.monotonic() - start < 2.5  # the grading pool's limit, and some
