"""Other people's rows in our columns: what becomes a problem, what is refused, what never reaches a prompt."""

import json
import logging
from pathlib import Path
from typing import Any, get_args

import pytest
from PIL import Image
from shared_data import FOLDER, shared_file

from synergy.config.data import FileDataConfig, HubDataConfig, LayoutName
from synergy.data.layouts.answer_kinds import gradable
from synergy.data.layouts.registry import LAYOUTS
from synergy.data.load import open_data
from synergy.errors import InputError
from synergy.grading.grade import grade, grade_answer
from synergy.prompts import BOXED
from synergy.records import AnswerKind, Problem

PUZZLE = {
    "image": "images/venn/venn_0001.png",
    "question": "What is the missing number?",
    "options": ["4", "8", "1", "7"],
    "answer": 8,
    "caption": "There are 3 circles with 9, 3 and ?.",
    "explanation": "We observe sums.",
    "deduction": "Hence it should be 8.",
}
EXAM = {"id": "e1", "question": "Find $x$.", "answer": "$$\\dfrac{3}{2}$$", "image_path": "images/e1.png"}
CLEVR = {
    "id": "clevr_math-1.png",
    "image": "clevr_math/1.png",
    "question": "How many are left?",
    "gt": 3,
    "ds_answer": "<think>\nFour minus one is three.\n</think>\n\n**Answer:** 3",
    "caption": "A secret sphere.",
    "meta": {"rationale": "secret"},
}
CHAT = {
    "id": 7,
    "conversations": [
        {"role": "system", "content": "Think."},
        {"role": "user", "content": "<image>\nFind the area."},
    ],
    "answer": "$2\\sqrt{3}$",
    "image_urls": ["file:///data/a.png"],
}
DISTILLED = {
    "conversations": [
        {"from": "human", "value": f"<image>Find the area. {BOXED.instruction}"},
        {"from": "gpt", "value": "<think> A half of 6. </think> \\boxed{3}"},
    ],
    "images": ["a.png"],
}


def _read(layout: LayoutName, row: dict[str, Any]) -> dict[str, Any] | None:
    found = LAYOUTS[layout].read(row)
    return None if found is None else dict(found)


def test_every_name_has_a_layout_and_every_layout_its_source():
    assert set(LAYOUTS) == set(get_args(LayoutName))
    assert all(layout.source and layout.columns for layout in LAYOUTS.values())


def test_a_puzzle_shows_its_options_and_hides_its_caption():
    found = _read("puzzlevqa", PUZZLE)
    assert found is not None
    assert found["id"] == "venn/venn_0001"
    assert found["question"] == "What is the missing number? (A) 4 (B) 8 (C) 1 (D) 7"
    assert (found["answer"], found["answer_kind"], found["choices"]) == ("B", "option", ["4", "8", "1", "7"])
    assert found["trace"] == "We observe sums. Hence it should be 8."
    assert found["family"] == "venn"
    assert found["group"] == "venn\nThere are 3 circles with 9, 3 and ?."
    assert "circles" not in found["question"] + found["trace"]


def test_twins_under_other_captions_are_one_group():
    def group(family: str, caption: str) -> str:
        found = _read("puzzlevqa", PUZZLE | {"image": f"images/{family}/a_1.png", "caption": caption})
        assert found is not None
        return found["group"]

    hexagon = "There is a missing {} in the center. Around it: ['square', 'triangle']."
    assert len({group("shape_size_hexagon", hexagon.format(asked)) for asked in ("square", "circle")}) == 1
    circles = [f"The circles are {sizes}." for sizes in ("['small', 'large', '?']", "['large', '?', 'small']")]
    assert len({group("color_size_circle", caption) for caption in circles}) == 1
    assert len({group("size_cycle", caption) for caption in circles}) == 2


def test_an_answer_that_is_no_option_is_refused():
    with pytest.raises(InputError, match=r"answer is '9' with options \['4', '8', '1', '7'\]"):
        _read("puzzlevqa", PUZZLE | {"answer": 9})


@pytest.mark.parametrize(
    ("written", "answer", "kind"),
    [
        ("30${}^\\circ $", "30°", "number"),
        ("25°.", "25°", "number"),
        ("$$\\number{24} $$", "24", "number"),
        ("$\\frac{\\text{24}}{\\text{5}}$", "\\frac{24}{5}", "number"),
        ("12 meters.", "12 meters", "number"),
        ("40m.", "40m", "number"),
        ("$5n-4$", "5n-4", "expression"),
        ("4$\\sqrt{3}$", "4\\sqrt{3}", "expression"),
        ("(1, 2)", "(1, 2)", "expression"),
        ("a > b > c.", "a > b > c", "expression"),
        ("rhombus.", "rhombus", "text"),
        ("Yes", "yes", "yes_no"),
        ("$$7$$ $$10$$", "7, 10", "list"),
        ("169 555 671 105", "169, 555, 671, 105", "list"),
        ("1.3.4.", "1, 3, 4", "list"),
        ("(1)3;(2)3, quadrilateral;(3)equal", "3, 3, quadrilateral, equal", "list"),
        ("∠AOD = 65°, so ∠COB = 65°; OE ⊥ AB, so ∠EOC = 90° - ∠COB. Therefore, it is: 25°.", "25°", "number"),
    ],
)
def test_the_kind_of_a_written_answer(written: str, answer: str, kind: str):
    found = gradable(written)
    assert found == (answer, kind)
    problem = Problem(id="p", question="?", answer=answer, answer_kind=AnswerKind(kind))
    assert grade_answer(problem, answer).correct
    assert not grade_answer(problem, "999").correct


@pytest.mark.parametrize(
    "written",
    [
        "6 or 2 or 10",
        "$$BD=CE$$ (not unique)",
        "2.4.",  # a number, or statements 2 and 4
        "$ < $",  # anything else would be unscored
        "5\n5√3",  # formulas in order are of no kind: as a set, "5√3, 5" would be right
        "$$ \\angle 1$$ and $$\\angle B$$, $$\\angle B$$ and $$\\angle 4$$",
        "The stability of triangles and the instability of quadrilaterals, because triangles are rigid.",
    ],
)
def test_what_nobody_can_grade_is_no_problem(written: str):
    assert gradable(written) is None
    assert _read("mm_eureka_k12", EXAM | {"answer": written}) is None


def test_an_exam_question_has_a_trace_that_only_states_the_answer():
    found = _read("mm_eureka_k12", EXAM)
    assert found is not None
    assert found["answer_only"] == "The answer is \\dfrac{3}{2}."
    assert found["question"] == "Find $x$."


def test_thinking_by_sets_and_their_answer_kinds():
    found = _read("vlaa_thinking_sft", CLEVR)
    assert found is not None
    assert (found["answer"], found["answer_kind"], found["family"]) == ("3", "digit", "clevr_math")
    assert found["trace"] == "Four minus one is three."
    assert "secret" not in json.dumps(found)
    lines = "Which?\nChoices:\nA: 12\nB: 30°"
    option = _read("vlaa_thinking_grpo", CLEVR | {"image": "geoqa170k/1.png", "question": lines, "gt": "B"})
    assert option is not None
    assert (option["answer"], option["answer_kind"], option["choices"]) == ("B", "option", ["12", "30°"])
    assert "trace" not in option
    gt = "Step 1: a = 2.\n\n†Answer: y = 2 * x."
    formula = _read("vlaa_thinking_grpo", CLEVR | {"image": "synthesis/1.png", "gt": gt})
    assert formula is not None
    assert (formula["answer"], formula["answer_kind"]) == ("y = 2 * x", "expression")
    boxed = _read("vlaa_thinking_grpo", CLEVR | {"image": "synthesis/1.png", "gt": "\\[\\boxed{y = 2x}\\]"})
    assert boxed is not None
    assert boxed["answer"] == "y = 2x"
    assert _read("vlaa_thinking_grpo", CLEVR | {"image": "coco/train2017/1.jpg", "gt": "[1, 2, 3, 4]"}) is None
    tagged = {"answer": "<think> So three. </think> <answer> 3 </answer>"}
    rest = {name: CLEVR[name] for name in ("id", "image", "question")}
    worked = _read("vlaa_thinking_sft", rest | tagged)
    assert worked is not None
    assert (worked["answer"], worked["trace"]) == ("3", "So three.")
    with pytest.raises(InputError, match="image begins with 'mine'"):
        _read("vlaa_thinking_grpo", CLEVR | {"image": "mine/1.png"})


def test_chats_in_both_versions():
    found = _read("mm_eureka", CHAT)
    assert found is not None
    assert (found["id"], found["question"], found["answer"]) == ("7", "Find the area.", "2\\sqrt{3}")
    assert found["images"] == ["/data/a.png"]
    parts = [{"type": "image", "image": "a.png"}, {"type": "text", "text": "Find the area."}]
    older = {name: value for name, value in CHAT.items() if name != "conversations"}
    older["message"] = json.dumps([{"role": "user", "content": parts}])
    assert _read("mm_eureka", older) == found
    with pytest.raises(InputError, match=r"column message is 'no chat'; expected turns .* \(its columns: id, answer"):
        _read("mm_eureka", older | {"message": "no chat"})


def test_a_distilled_chat_loses_the_instruction_that_the_preset_adds():
    found = _read("eureka_distill", DISTILLED)
    assert found is not None
    assert (found["question"], found["answer"], found["trace"]) == ("Find the area.", "3", "A half of 6.")
    with pytest.raises(InputError, match="no <think>"):
        _read("eureka_distill", DISTILLED | {"conversations": DISTILLED["conversations"][:1]})


def test_geometry_without_ids_is_numbered(tmp_path: Path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    row = {"images": ["a.png"], "problem": "<image>Find x.", "answer": "2\\sqrt{221}"}
    path = tmp_path / "train.json"
    path.write_text(json.dumps([row, row]))
    found = open_data(FileDataConfig(source="file", path=path, layout="geometry3k"))
    assert list(found.ids) == ["1", "2"]
    assert found[0].problem.question == "Find x."


def test_datasets_reads_a_folder_in_another_layout(tmp_path: Path):
    pytest.importorskip("datasets")
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.png")
    row = CLEVR | {"image": "clevr_math/a.png", "gt": "3"}
    (tmp_path / "clevr_math").mkdir()
    (tmp_path / "a.png").rename(tmp_path / "clevr_math" / "a.png")
    (tmp_path / "train.json").write_text(json.dumps([row]))
    config = HubDataConfig(
        source="hub", repository=str(tmp_path), layout="vlaa_thinking_sft", trace_column="trace", split="train"
    )
    found = open_data(config)
    assert found[0].problem.images[0].getpixel((0, 0)) == (255, 0, 0)
    assert found[0].demonstrations[0].trace == "Four minus one is three."


def test_missing_columns_and_bad_rows_are_one_line(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    for rows, words in (
        ([EXAM], "missing column 'image' of layout puzzlevqa (did you mean 'image_path'?); it has: id, question"),
        ([PUZZLE, PUZZLE | {"question": ""}], "row 2, layout puzzlevqa: column question is ''; expected a text"),
    ):
        path.write_text("\n".join(map(json.dumps, rows)))
        with pytest.raises(InputError) as caught:
            open_data(FileDataConfig(source="file", path=path, layout="puzzlevqa"))
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


def test_rows_left_out_are_counted_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "images" / "e1.png")
    path = tmp_path / "k12.json"
    path.write_text(json.dumps([EXAM, EXAM | {"id": "e2", "answer": "6 or 2"}]))
    with caplog.at_level(logging.WARNING):
        config = FileDataConfig(source="file", path=path, layout="mm_eureka_k12")
        assert [len(open_data(config)), len(open_data(config))] == [1, 1]
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: 1 of 2 rows are no problem in layout mm_eureka_k12, left out"
    ]


# ---- the published data, where they are


def _published(layout: LayoutName, folder: str, **settings: Any) -> Any:
    shared_file(folder, "SOURCE.md")
    return open_data(FileDataConfig(source="file", path=FOLDER / folder, layout=layout, **settings))


def test_all_puzzles_are_read_and_their_own_answers_are_right():
    found = _published("puzzlevqa", "puzzlevqa", trace_column="trace")
    assert len(found) == 1000
    assert len({problem_id.partition("/")[0] for problem_id in found.ids}) == 20
    captions = {}
    for file in (FOLDER / "puzzlevqa" / "PuzzleVQA").glob("*.json"):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            captions[f"{file.stem}/{Path(row['image']).stem}"] = row["caption"]
    for index in range(0, len(found), 25):
        problem, (demonstration,) = found[index].problem, found[index].demonstrations
        response = BOXED.response(demonstration.trace, demonstration.answer)
        assert grade(problem, response, preset=BOXED).correct
        assert captions[problem.id] not in problem.question + demonstration.trace


def test_no_gold_answer_of_the_exam_is_in_its_prompt():
    """The prompt is the published question and the preset's instruction, to the letter."""
    found = _published("mm_eureka_k12", "mm_eureka_k12")
    assert len(found) == 437
    rows = {row["id"]: row for row in json.loads(shared_file("mm_eureka_k12", "k12.json").read_text())}
    assert len(rows) == 500
    for index, problem_id in enumerate(found.ids):
        problem = found[index].problem
        assert BOXED.user_text(problem.question) == f"{rows[problem_id]['question'].strip()} {BOXED.instruction}"
        verdict = grade_answer(problem, problem.answer)
        assert verdict.correct, (problem.answer, verdict.rule)
        wrong = grade_answer(problem, "999")
        assert wrong.score == 0, (problem.answer, wrong.rule)
