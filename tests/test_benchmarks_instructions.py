"""What upstream demands of an answer's format, to the letter: one row of every type of every benchmark."""

from typing import Any

import pytest

from synergy.benchmarks.benchmark import Instruction, put
from synergy.benchmarks.registry import BENCHMARKS, get_benchmark
from synergy.records import AnswerKind, Problem

_HINT = "Hint: Please answer the question"
_OPTIONS = {"question": "Q?", "A": "one", "B": "two", "answer": "A"}
_SHOWN = "Question: Q?\nOptions:\nA. one\nB. two"
_VISTA = {"pid": "1", "question": "Q?", "question_type": "free_form", "choices": None, "answer": "1"}
_VERSE = {"sample_index": "1", "question": "Q?", "problem_version": "Text Lite"}
_VERSE_OPTION = {"question": "Q?\nChoices:\nA:40°\nB:60°", "answer": "B"}
_VERSE_PICTURE = {"question": "", "problem_version": "Vision Only"}
_DYNAMATH = {"id": "1", "hub_split": "sample_variant1", "question": "Q?", "ground_truth": "A"}
_DYNAMATH_GUIDE = (
    "\n## Answer Instruction Please provide an answer to the question outlined above. Your response should adhere to "
    "the following JSON format, which includes two keys: 'solution' and 'short answer'. The 'solution' key can contain "
    "detailed steps needed to solve the question, and the 'short answer' key should provide a concise response. "
)
_DYNAMATH_EXAMPLE = """

Example of expected JSON response format:

{
    "solution": "[Detailed step-by-step explanation]",
    "short answer": "[Concise Answer]"
}"""
_OLYMPIAD = {"id": 1, "question": "Q?", "final_answer": ["1"]}
_OLYMPIAD_HEAD = "The following is an open-ended problem from an International Math competition. "
_OLYMPIAD_BODY = (
    "Please calculate the answer according to the given requirements and the information provided. Please use LaTeX "
    "format to represent the variables and formulas used in the solution process and results. Please end your solution "
    'with "So the final answer is '
)
_THEREFORE = (
    "Solve the following math problem efficiently and clearly.  The last line of your response should be of the "
    "following format: 'Therefore, the final answer is: $\\boxed{ANSWER}$. I hope it is correct' (without quotes) "
    "where ANSWER is just the final number or expression that solves the problem. Think step by step before "
    "answering.\n\nQ?"
)
_BOXED = "\nPlease reason step by step, and put your final answer within \\boxed{}."
_IN_PICTURE = "According to the question shown in the image, please"

#: (benchmark, row, the complete user text)
ASKED: tuple[tuple[str, dict[str, Any], str], ...] = (
    (
        "mathvista",
        {**_VISTA, "question_type": "multi_choice", "answer_type": "text", "choices": ["1", "2"]},
        f"{_HINT} and provide the correct option letter, e.g., A, B, C, D, at the end.\n"
        "Question: Q?\nChoices:\n(A) 1\n(B) 2",
    ),
    (
        "mathvista",
        {**_VISTA, "answer_type": "integer", "unit": "g"},
        f"{_HINT} requiring an integer answer and provide the final value, e.g., 1, 2, 3, at the end.\n"
        "Question: Q? (Unit: g)",
    ),
    (
        "mathvista",
        {**_VISTA, "answer_type": "float", "precision": 1.0},
        f"{_HINT} requiring a floating-point number with one decimal place and provide the final value, e.g., 1.2, "
        "1.3, 1.4, at the end.\nQuestion: Q?",
    ),
    (
        "mathvista",
        {**_VISTA, "answer_type": "float", "precision": "2.0"},
        f"{_HINT} requiring a floating-point number with two decimal places and provide the final value, e.g., 1.23, "
        "1.34, 1.45, at the end.\nQuestion: Q?",
    ),
    (
        "mathvista",
        {**_VISTA, "answer_type": "list", "answer": "[1, 2]"},
        f"{_HINT} requiring a Python list as an answer and provide the final list, e.g., [1, 2, 3], [1.2, 1.3, 1.4], "
        "at the end.\nQuestion: Q?",
    ),
    (
        "mathvision",
        {"id": "1", "question": "Q?", "options": ["1", "2"], "answer": "B"},
        f"{_HINT} and provide the correct option letter, e.g., A, B, C, D, at the end.\n"
        "Question: Q?\nChoices:\n(A) 1\n(B) 2",
    ),
    (
        "mathvision",
        {"id": "1", "question": "Q?", "options": [], "answer": "3"},
        f"{_HINT} and provide the final answer at the end.\nQuestion: Q?",
    ),
    (
        "mathverse",
        {**_VERSE, **_VERSE_OPTION},
        "Please directly answer the question and provide the correct option letter, e.g., A, B, C, D.\n"
        "Question: Q?\nChoices:\nA:40°\nB:60°",
    ),
    (
        "mathverse",
        {**_VERSE, "answer": "3"},
        "Please directly answer the question and provide the final value, e.g., 1, 2.5, 300.\nQuestion: Q?",
    ),
    (
        "mathverse",
        {**_VERSE, **_VERSE_OPTION, **_VERSE_PICTURE, "question_for_eval": _VERSE_OPTION["question"]},
        f"{_IN_PICTURE} directly answer the question and provide the correct option letter, e.g., A, B, C, D.",
    ),
    (
        "mathverse",
        {**_VERSE, **_VERSE_PICTURE, "answer": "3"},
        f"{_IN_PICTURE} directly answer the question and provide the final value, e.g., 1, 2.5, 300.",
    ),
    (
        "dynamath",
        {**_DYNAMATH, "answer_type": "multiple choice"},
        f"## Question\n Q?{_DYNAMATH_GUIDE}Provide the corresponing choice option in the 'short answer' key, such as "
        f"'A', 'B', 'C', or 'D'.{_DYNAMATH_EXAMPLE}",
    ),
    (
        "dynamath",
        {**_DYNAMATH, "answer_type": "float", "ground_truth": "3.0"},
        f"## Question\n Q?{_DYNAMATH_GUIDE}Format the answer as a three-digit floating-point number and provide it in "
        f"the 'short answer' key.{_DYNAMATH_EXAMPLE}",
    ),
    (
        "dynamath",
        {**_DYNAMATH, "answer_type": "text"},
        f"## Question\n Q?{_DYNAMATH_GUIDE}Float numbers in the answer should be formatted as three-digit "
        f"floating-point numbers.{_DYNAMATH_EXAMPLE}",
    ),
    (
        "mmmu",
        {"id": "validation_Art_1", **_OPTIONS},
        f"{_SHOWN}\nPlease select the correct answer from the options above. \n",
    ),
    (
        "mmstar",
        {"index": 1, **_OPTIONS, "hint": "Look."},
        f"Hint: Look.\n{_SHOWN}\nPlease select the correct answer from the options above. \n",
    ),
    (
        "mmmu_pro",
        {"id": "test_Art_1", **_OPTIONS},
        f"{_SHOWN}\nAnswer directly with the option letter from the given choices. ",
    ),
    (
        "mmmu_pro",
        {"id": "test_Art_1", **_OPTIONS, "question": None},
        "Answer the following multiple-choice question in the image. Answer directly with the option letter from the "
        "given choices. ",
    ),
    (
        "geoqa",
        {"id": 1, "question": "Q?", "ground_truth": "140°"},
        "Q? Output the thinking process in <think> </think> and final answer (number) in <answer> </answer> tags.",
    ),
    (
        "superclevr",
        {"id": 1, "question": "Q?", "ground_truth": 3},
        "Q? First output the thinking process in <think> </think> and final answer (number) in <answer> </answer> "
        "tags.",
    ),
    (
        "olympiadbench",
        {**_OLYMPIAD, "answer_type": "Numerical", "is_multiple_answer": False, "unit": None},
        f"{_OLYMPIAD_HEAD}The answer of The problem should be a numerical value. {_OLYMPIAD_BODY}"
        '\\boxed{answer}." and give the result explicitly.\nQ?',
    ),
    (
        "olympiadbench",
        {**_OLYMPIAD, "answer_type": "Expression", "is_multiple_answer": True, "unit": "cm"},
        f"{_OLYMPIAD_HEAD}The problem has multiple answers, each of them should be an expression. {_OLYMPIAD_BODY}"
        '\\boxed{multiple answers connected with commas}(unit)." and give the result explicitly, note that the unit of '
        "the answer should not be included in \\boxed{}.\nQ?",
    ),
    (
        "olympiadbench",
        {**_OLYMPIAD, "answer_type": "Tuple", "is_multiple_answer": False},
        f'{_OLYMPIAD_HEAD}{_OLYMPIAD_BODY}\\boxed{{answer}}." and give the result explicitly.\nQ?',
    ),
    ("math500", {"unique_id": "1", "problem": "Q?", "answer": "1"}, _THEREFORE),
    ("aime24", {"id": 1, "problem": "Q?", "answer": "204"}, _THEREFORE),
    ("aime25", {"problem_idx": 1, "problem": "Q?", "answer": 70}, _THEREFORE),
    ("minerva_math", {"idx": 1, "problem": "Q?", "answer": "1"}, f"Q?{_BOXED}"),
    ("svamp", {"ID": "1", "Body": "There are 3.", "Question": "Q?", "Answer": 3.0}, f"There are 3. Q?{_BOXED}"),
    ("aqua", {"idx": 1, "question": "Q?", "options": ["A)one", "B)two"], "correct": "A"}, f"{_SHOWN}{_BOXED}"),
)
#: (benchmark, row, the text under the name that ends in "_COT")
ASKED_COT: tuple[tuple[str, dict[str, Any], str], ...] = (
    (
        "wemath",
        {"ID": "9", "key": "2steps_1", **_OPTIONS},
        f"{_SHOWN}\n\nRegarding the format, please answer following the template below, and be sure to include two <> "
        "symbols:\n<Thought process>: <<your thought process>> <Answer>: <<your option>>",
    ),
    (
        "mathverse",
        {**_VERSE, **_VERSE_OPTION},
        "Please first conduct reasoning, and then answer the question and provide the correct option letter, e.g., A, "
        "B, C, D, at the end.\nQuestion: Q?\nChoices:\nA:40°\nB:60°",
    ),
    (
        "mathverse",
        {**_VERSE, **_VERSE_PICTURE, "answer": "3"},
        f"{_IN_PICTURE} first conduct reasoning, and then answer the question and provide the final value, e.g., 1, "
        "2.5, 300, at the end.",
    ),
    (
        "mmmu_pro",
        {"id": "test_Art_1", **_OPTIONS},
        f"{_SHOWN}\nAnswer the following multiple-choice question. The last line of your response should be of the "
        "following format: 'Answer: $LETTER' (without quotes) where LETTER is one of the options. Think step by step "
        "before answering. ",
    ),
    (
        "mmmu_pro",
        {"id": "test_Art_1", **_OPTIONS, "question": None},
        "Answer the following multiple-choice question in the image. The last line of your response should be of the "
        "following format: 'Answer: $LETTER' (without quotes) where LETTER is one of the options. Think step by step "
        "before answering. ",
    ),
)
#: (benchmark, row) without a demand
SILENT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("gsm8k", {"idx": 1, "question": "Q?", "answer": "so\n#### 3"}),
    ("logicvista", {"id": "1", "question": "Q?", "answer": "C"}),
    ("wemath", {"ID": "9", "key": "2steps_1", **_OPTIONS}),
    ("mmmu", {"id": "validation_Art_1", "question": "Q?", "options": "[]", "answer": "3"}),
    ("mathvista", {**_VISTA, "answer_type": "text", "answer": "red"}),
    ("mathvista", {**_VISTA, "answer_type": "float", "precision": 3}),
)


@pytest.mark.parametrize(("name", "row", "text"), ASKED)
def test_the_text_is_upstreams(name: str, row: dict[str, Any], text: str) -> None:
    benchmark = get_benchmark(name)
    assert benchmark.asked(benchmark.read(row)) == text


@pytest.mark.parametrize(("name", "row", "text"), ASKED_COT)
def test_the_text_that_asks_for_reasoning_is_upstreams(name: str, row: dict[str, Any], text: str) -> None:
    benchmark = get_benchmark(name)
    problem = benchmark.read(row)
    assert benchmark.instruction_cot is not None
    assert put(problem, benchmark.instruction_cot(problem)) == text


@pytest.mark.parametrize(("name", "row"), SILENT)
def test_no_demand_leaves_the_question_alone(name: str, row: dict[str, Any]) -> None:
    benchmark = get_benchmark(name)
    problem = benchmark.read(row)
    assert benchmark.instruction(problem) is None
    assert benchmark.asked(problem) == problem.question


def test_every_benchmark_is_here() -> None:
    assert {name for name, *_ in ASKED} | {name for name, _ in SILENT} == set(BENCHMARKS)
    assert {name for name, *_ in ASKED_COT} == {
        name for name, benchmark in BENCHMARKS.items() if benchmark.instruction_cot is not None
    }


@pytest.mark.parametrize(("name", "row", "text"), [case for case in ASKED if case[0] in ("mathvista", "mathvision")])
def test_a_hint_within_the_question_is_not_doubled(name: str, row: dict[str, Any], text: str) -> None:
    benchmark = get_benchmark(name)
    kept = {key: cell for key, cell in row.items() if key != "precision"}
    assert benchmark.asked(benchmark.read({**kept, "question": text})) == text


@pytest.mark.parametrize(("name", "row", "text"), [case for case in ASKED + ASKED_COT if case[0] == "mathverse"])
def test_a_query_within_the_question_is_not_doubled(name: str, row: dict[str, Any], text: str) -> None:
    read = get_benchmark(name).read
    assert read({**row, "question": text}) == read(row)


def test_a_hint_stands_in_for_a_missing_precision() -> None:
    row = {**_VISTA, "answer": "1.25", "answer_type": "float"}
    hint = f"{_HINT} requiring a floating-point number with two decimal places and provide the final value, at the end."
    problem = get_benchmark("mathvista").read({**row, "question": f"{hint}\nQuestion: Q?"})
    assert (problem.question, problem.absolute_tolerance) == ("Q?", 0.005)
    assert get_benchmark("mathvista").official(problem, "1.25").correct


def test_an_instruction_may_stand_alone() -> None:
    problem = Problem(id="1", question="Q?", answer="1", answer_kind=AnswerKind.INTEGER)
    assert put(problem, None) == "Q?"
    assert put(problem, Instruction(before="a ", after=" b")) == "a Q? b"
    assert put(problem, Instruction(before="a", after="b", alone=True)) == "ab"
