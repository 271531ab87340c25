"""Each benchmark's layouts, made here: VLMEvalKit's TSV and the hub's table make the same problems."""

import base64
import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from synergy.benchmarks.columns import DIFFICULTY, PASS_RATE
from synergy.benchmarks.registry import BENCHMARKS, get_benchmark
from synergy.benchmarks.tables import open_benchmark
from synergy.records import AnswerKind, Problem


def picture(colour: str = "red") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (3, 2), colour).save(stream, "PNG")
    return stream.getvalue()


ENCODED = base64.b64encode(picture()).decode()
STRUCT = {"bytes": picture(), "path": None}

#: name: (a row of VLMEvalKit's TSV, the same row of the hub's table, what both have to make)
LAYOUTS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "mathvision": (
        {
            "index": 7,
            "question": "Hint: Please answer the question and provide the correct option letter, at the end.\n"
            "Question: How many?\nChoices:\n(A) 1\n(B) 2",
            "answer": "B",
            "choices": "['1', '2']",
            "category": "counting",
            "image": ENCODED,
        },
        {
            "id": "7",
            "question": "How many?",
            "options": ["1", "2"],
            "answer": "B",
            "subject": "counting",
            "image": "images/7.jpg",
            "decoded_image": STRUCT,
            "solution": None,
        },
        {"question": "How many?\nChoices:\n(A) 1\n(B) 2", "answer": "B", "choices": ("1", "2"), "family": "counting"},
    ),
    "mathverse": (
        {
            "index": 1,
            "question": "As shown, the angle is ()\nChoices:\nA:40°\nB:60°",
            "question_for_eval": "As shown, the angle is ()\nChoices:\nA:40°\nB:60°",
            "answer": "B",
            "problem_version": "Text Lite",
            "metadata": "{'split': 'testmini', 'source': 'GEOS', 'subject': 'Plane Geometry', 'subfield': 'Angle'}",
            "image": ENCODED,
        },
        {
            "sample_index": "1",
            "question": "As shown, the angle is ()\nChoices:\nA:40°\nB:60°",
            "question_for_eval": "As shown, the angle is ()\nChoices:\nA:40°\nB:60°",
            "question_type": "multi-choice",
            "answer": "B",
            "problem_version": "Text Lite",
            "metadata": {"split": "testmini", "source": "GEOS", "subject": "Plane Geometry", "subfield": "Angle"},
            "image": STRUCT,
        },
        {"answer": "B", "choices": ("40°", "60°"), "family": "Angle", "answer_kind": AnswerKind.OPTION},
    ),
    "mathvista": (
        {
            "index": 3,
            "question": "Hint: Please answer the question and provide the correct option letter, e.g., A, at the end.\n"
            "Question: Which is larger? (Unit: cm)\nChoices:\n(A) left\n(B) right",
            "question_type": "multi_choice",
            "answer_type": "text",
            "answer": "right",
            "answer_option": "B",
            "choices": "['left', 'right']",
            "task": "figure question answering",
            "skills": "['statistical reasoning', 'numeric commonsense']",
            "image": ENCODED,
        },
        {
            "pid": "3",
            "question": "Which is larger?",
            "unit": "cm",
            "precision": None,
            "question_type": "multi_choice",
            "answer_type": "text",
            "answer": "right",
            "choices": ["left", "right"],
            "metadata": {
                "task": "figure question answering",
                "skills": ["statistical reasoning", "numeric commonsense"],
            },
            "image": "images/3.jpg",
            "decoded_image": STRUCT,
        },
        {
            "question": "Which is larger? (Unit: cm)\nChoices:\n(A) left\n(B) right",
            "answer": "B",
            "family": "figure question answering",
        },
    ),
    "mmmu": (
        {
            "index": 1,
            "id": "validation_Art_Theory_1",
            "question": "Who made <image 1>?",
            "A": "Monet",
            "B": "Manet",
            "C": "",
            "answer": "B",
            "split": "validation",
            "image": f"['{ENCODED}', '{ENCODED}']",
        },
        {
            "id": "validation_Art_Theory_1",
            "question": "Who made <image 1>?",
            "options": "['Monet', 'Manet']",
            "answer": "B",
            "split": "validation",
            "image_1": STRUCT,
            "image_2": STRUCT,
            "image_3": None,
        },
        {
            "question": "Question: Who made <image 1>?\nOptions:\nA. Monet\nB. Manet",
            "answer": "B",
            "family": "Art_Theory",
        },
    ),
    "mmmu_pro": (
        {"id": "test_History_1", "question": "Why?", "A": "war", "B": "trade", "answer": "A", "image": ENCODED},
        {
            "id": "test_History_1",
            "question": "Why?",
            "options": "['war', 'trade']",
            "answer": "A",
            "image_1": STRUCT,
        },
        {"question": "Question: Why?\nOptions:\nA. war\nB. trade", "family": "History"},
    ),
    "mmstar": (
        {
            "index": 0,
            "question": "Where is it?",
            "A": "on the book.",
            "B": "under the cat.",
            "answer": "A",
            "category": "coarse perception",
            "l2_category": "image scene",
            "image": ENCODED,
        },
        {
            "index": 0,
            "question": "Where is it?\nOptions: A: on the book., B: under the cat.",
            "answer": "A",
            "category": "coarse perception",
            "l2_category": "image scene",
            "image": STRUCT,
        },
        {
            "question": "Question: Where is it?\nOptions:\nA. on the book.\nB. under the cat.",
            "answer": "A",
            "family": "coarse perception",
        },
    ),
    "wemath": (
        {
            "index": "9-2steps_1",
            "ID": "9",
            "key": "2steps_1",
            "question": "How long?",
            "A": "3 cm",
            "B": "4 cm",
            "answer": "B",
            "knowledge concept": "Length",
            "image": ENCODED,
        },
        {
            "ID": "9",
            "key": "2steps_1",
            "question": "How long?\nRegarding the format, please answer following the template below, and be sure …",
            "option": "A. 3 cm; B. 4 cm",
            "answer": "B",
            "knowledge concept": "Length",
            "image_path": STRUCT,
        },
        {"question": "Question: How long?\nOptions:\nA. 3 cm\nB. 4 cm", "choices": ("3 cm", "4 cm")},
    ),
    "dynamath": (
        {
            "index": "1/sample_variant2",
            "qid": 1,
            "varid": 2,
            "question": "Find x.",
            "answer": "3.142",
            "answer_type": "float",
            "subject": "algebra",
            "knowledge_level": "high school",
            "image": ENCODED,
        },
        {
            "id": "1",
            "hub_split": "sample_variant2",
            "question": "Find x.",
            "ground_truth": "3.142",
            "answer_type": "float",
            "subject": "algebra",
            "knowledge_level": "high school",
            "image": "images/1.png",
            "decoded_image": STRUCT,
        },
        {"answer_kind": AnswerKind.NUMBER, "absolute_tolerance": 0.001, "family": "algebra"},
    ),
    "logicvista": (
        {"index": 5, "question": "Which two?", "answer": "B, D", "skill": "['inductive']", "image": ENCODED},
        {"id": "5", "question": "Which two?", "answer": "B, D", "skill": ["inductive"], "image": STRUCT},
        {"answer": "[B, D]", "answer_kind": AnswerKind.LIST, "tags": {"skill": "inductive"}},
    ),
}


def opened_tsv(name: str, row: dict[str, Any], folder: Path) -> Problem:
    path = folder / "rows.tsv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerow(row)
        writer.writerow(row.values())
    return open_benchmark(get_benchmark(name), path)[0]


def opened_parquet(name: str, row: dict[str, Any], folder: Path) -> Problem:
    path = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    return open_benchmark(get_benchmark(name), path)[0]


def without_pictures(problem: Problem) -> Problem:
    return replace(problem, images=())


@pytest.mark.parametrize("name", LAYOUTS)
def test_both_layouts_make_the_same_problem(name: str, tmp_path: Path) -> None:
    tsv, hub, expected = LAYOUTS[name]
    first, second = opened_tsv(name, tsv, tmp_path), opened_parquet(name, hub, tmp_path)
    tags = {key: value for key, value in second.tags.items() if key in first.tags}
    assert without_pictures(first) == without_pictures(replace(second, tags=tags))
    for field, value in expected.items():
        assert getattr(first, field) == value
    assert first.source == name
    for problem in (first, second):
        assert len(problem.images) == (2 if name == "mmmu" else 1)
        assert problem.images[0].size == (3, 2)
        assert problem.images[0].getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("written", [3, 3.0, "3", "L3", "level 3", "Level 3"])
@pytest.mark.parametrize("name", ["mathvision", "mathverse", "mathvista", "mmmu", "mmstar"])
def test_levels_come_from_the_difficulty_column(name: str, written: object) -> None:
    row = {**LAYOUTS[name][1], DIFFICULTY: written, PASS_RATE: 0.25, "level": 5}
    problem = get_benchmark(name).read({"images": (), **_without_images(row)})
    assert problem.level == 3
    assert problem.tags[PASS_RATE] == "0.25"


def test_mathvision_has_levels_of_its_own() -> None:
    row = _without_images(LAYOUTS["mathvision"][1])
    assert get_benchmark("mathvision").read({**row, "level": 4}).level == 4
    assert get_benchmark("mathvision").read(row).level is None


def test_vision_only_rows_ask_for_the_question_in_the_picture() -> None:
    row = _without_images(LAYOUTS["mathverse"][1])
    problem = get_benchmark("mathverse").read({**row, "question": "", "problem_version": "Vision Only"})
    assert problem.question == "According to the question shown in the image, please answer the question."
    assert problem.choices == ("40°", "60°")
    free = {**row, "question": "", "question_for_eval": "Find x.", "question_type": "free-form", "answer": "2x+1"}
    assert get_benchmark("mathverse").read(free).answer_kind is AnswerKind.EXPRESSION


@pytest.mark.parametrize(
    ("answer_type", "answer", "kind", "tolerance"),
    [
        ("integer", "12", AnswerKind.INTEGER, 0.0),
        ("float", "1.25", AnswerKind.NUMBER, 0.005),
        ("list", "[1, 2]", AnswerKind.LIST, 0.0),
        ("text", "red", AnswerKind.TEXT, 0.0),
    ],
)
def test_free_answers_of_mathvista(answer_type: str, answer: str, kind: AnswerKind, tolerance: float) -> None:
    row = {"pid": "1", "question": "?", "question_type": "free_form", "choices": None, "precision": "2.0"}
    problem = get_benchmark("mathvista").read({**row, "answer_type": answer_type, "answer": answer})
    assert (problem.answer, problem.answer_kind, problem.absolute_tolerance) == (answer, kind, tolerance)


def test_short_answers_of_mmmu_keep_every_gold_one() -> None:
    row = {"id": "validation_Math_15", "question": "How fast?", "options": "[]", "answer": "['24/7', '3.429']"}
    problem = get_benchmark("mmmu").read(row)
    assert (problem.answer, problem.answer_kind) == ("24/7", AnswerKind.NUMBER)
    assert problem.tags["discipline"] == "Science"
    assert [get_benchmark("mmmu").official(problem, text).correct for text in ("24/7", "3.43", "3.5")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("answer", "kind"), [("c", AnswerKind.OPTION), ("3", AnswerKind.INTEGER)])
def test_single_answers_of_logicvista(answer: str, kind: AnswerKind) -> None:
    problem = get_benchmark("logicvista").read({"id": "1", "question": "?", "answer": answer})
    assert (problem.answer, problem.answer_kind) == (answer.upper(), kind)


def test_mmstar_without_readable_options_has_letters() -> None:
    problem = get_benchmark("mmstar").read({"index": 1, "question": "Which?", "answer": "C"})
    assert (problem.choices, problem.question) == (("A", "B", "C", "D"), "Question: Which?")


def test_the_shipped_fixture_opens() -> None:
    data = open_benchmark(get_benchmark("mmstar"), Path(__file__).parent / "fixtures" / "mmstar.tsv")
    problems = list(data)
    assert [problem.answer for problem in problems] == ["C", "A", "B", "B"]
    assert all(problem.images[0].size == (64, 64) for problem in problems)


def test_every_benchmark_says_what_it_follows() -> None:
    assert set(LAYOUTS) < set(BENCHMARKS)
    for name, benchmark in BENCHMARKS.items():
        assert benchmark.name == name
        assert all((benchmark.title, benchmark.source, benchmark.official_source, benchmark.columns))


def _without_images(row: dict[str, Any]) -> dict[str, Any]:
    return {name: cell for name, cell in row.items() if name not in ("image", "decoded_image", "image_1", "image_2")}
