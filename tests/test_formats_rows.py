"""Formats row by row: what is written comes back, but for what a format says it cannot hold."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synergy.data.formats.cells import Picture, cell_of, load
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.marks import marked, unmarked
from synergy.data.formats.our_row import FIELDS, checked
from synergy.data.formats.registry import FORMATS, WRITABLE, detected
from synergy.data.formats.tagged import TAGGED, difficulty, pass_rate
from synergy.data.layouts.lay_out import check_columns
from synergy.data.layouts.shapes import read_row
from synergy.errors import FileError, InputError
from synergy.prompts import ANSWER_TAGS, BOXED, PRESETS, get_preset

PICTURES = tuple(Picture(f"a picture {number} {'x' * 80}".encode(), "png") for number in range(3))

_words = st.sampled_from(
    [
        "<image>",
        "<video>",
        "<\u2060image>",
        "\n",
        "\t",
        '"',
        "\\boxed{x}",
        "π",
        "漢字",
        "🙂",
        "[",
        "'",
        ",",
        "A. 3",
        "|",
    ]
)
_texts = (
    st.lists(st.one_of(_words, st.text(max_size=8)), min_size=1, max_size=6).map("".join).map(str.strip).filter(bool)
)
_answers = st.sampled_from(["3", "\\frac{1}{2}", "B", "yes", "[0.1, 0.2, 0.3, 0.4]", "Zürich\nNord", "1;2,3"])
_rows = st.fixed_dictionaries(
    {
        "id": st.text("abc/#ü", min_size=1, max_size=5),
        "question": _texts.filter(lambda text: not text.endswith(str(BOXED.instruction))),
        "answer": _answers,
        "answer_kind": st.sampled_from(["number", "option", "text", "open", "box"]),
        "choices": st.lists(_texts, max_size=4),
        "images": st.integers(0, 3),
        "source": st.one_of(st.none(), _texts),
        "family": st.one_of(st.none(), _texts),
        "level": st.one_of(st.none(), st.integers(1, 5)),
        "reference": st.one_of(st.none(), _texts),
        "group": st.one_of(st.none(), _texts),
        "trace": st.one_of(st.none(), _texts.filter(lambda text: "think>" not in text)),
    }
)


def _fitting(row: dict[str, Any], target: Format) -> dict[str, Any]:
    """The row as the target can hold one: pictures within its numbers, a trace where it needs one."""
    fewest, most = target.num_images
    num = max(fewest, min(row["images"], 3 if most is None else most))
    trace = row["trace"] or ("so it is" if target.needs_trace else None)
    return {**row, "images": num, "trace": trace}


@settings(max_examples=60, deadline=None)
@given(row=_rows, preset=st.sampled_from(list(PRESETS)), data=st.data())
@pytest.mark.parametrize("name", WRITABLE)
def test_what_is_written_comes_back(name: str, row: dict[str, Any], preset: str, data: st.DataObject):
    target = FORMATS[name]
    ours = _fitting(row, target)
    mode = data.draw(st.sampled_from(target.images))
    cells = [cell_of(each, mode, f"p{number}.png") for number, each in enumerate(PICTURES[: ours["images"]])]
    writing = Writing(preset=get_preset(preset), images=mode, index=0)
    assert target.write is not None
    theirs = target.write({**ours, "images": cells}, writing)
    if name == "vlmevalkit":  # its cells are texts
        theirs = {column: str(cell) for column, cell in theirs.items()}
    assert detected_as(theirs) == ("synergy" if name == "plain" else name)  # without a map plain has our columns
    read = target.layout.read(theirs)
    assert read is not None
    back = checked({column: cell for column, cell in read.items() if cell is not None})
    expected = [
        cell if mode is ImageMode.PATH else {"bytes": picture.content, "path": None}
        for cell, picture in zip(cells, PICTURES, strict=False)
    ]
    assert back.pop("images") == expected
    kept = [field for field in FIELDS if field not in ("images", *target.cannot_hold)]
    assert {field: back[field] for field in kept} == {field: ours[field] for field in kept}
    assert all(not back[field] for field in target.cannot_hold)


def detected_as(row: dict[str, Any]) -> str:
    return detected(Path("table"), list(row), row).name


@given(text=_texts, num=st.integers(0, 3))
def test_marks_are_set_and_taken_out(text: str, num: int):
    written = marked(text, num)
    assert written.count("<image>") == num
    assert "<video>" not in written
    assert unmarked(written, num) == text


def test_marks_within_a_text_and_too_many_of_them():
    assert unmarked("Compare <image> with <image>.", 2) == "Compare with ."
    assert unmarked("No mark at all", 2) == "No mark at all"
    with pytest.raises(InputError, match="1 <image> in the text with 2 pictures"):
        unmarked("<image>What?", 2)


def test_responses_are_in_the_presets_form():
    row = checked(
        {"id": "a", "question": "How many?", "answer": "3", "answer_kind": "digit", "trace": "One, two, three."}
    )
    target = FORMATS["ms_swift"]
    assert target.write is not None
    for preset, system, user, said in (
        (BOXED, 0, f"How many? {BOXED.instruction}", "<think> One, two, three.</think> \\boxed{3}"),
        (ANSWER_TAGS, 1, "How many?", "<think> One, two, three.</think> <answer> 3 </answer>"),
    ):
        turns = target.write(row, Writing(preset=preset, images=ImageMode.PATH, index=0))["messages"]
        assert [turn["content"] for turn in turns[system:]] == [user, said]
        assert len(turns) == 2 + system


def test_a_trace_with_tags_of_its_own_is_refused():
    row = checked({"id": "a", "question": "?", "answer": "3", "answer_kind": "digit", "trace": "one </think> two"})
    target = FORMATS["llamafactory_sharegpt"]
    assert target.write is not None
    with pytest.raises(InputError, match="the trace holds <think> or </think> itself"):
        target.write(row, Writing(preset=BOXED, images=ImageMode.PATH, index=0))


# ---- rows that others wrote


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        (
            "easyr1",
            {"images": ["a.png"], "problem": "<image>Find x.", "answer": "2\\sqrt{3}"},
            {"question": "Find x.", "answer": "2\\sqrt{3}", "answer_kind": "expression", "images": ["a.png"]},
        ),
        (
            "verl",  # as its examples/data_preprocess/geo3k.py writes
            {
                "data_source": "hiyouga/geometry3k",
                "prompt": [{"role": "user", "content": "<image>Find x. You FIRST think about it."}],
                "images": [{"bytes": b"x", "path": None}],
                "ability": "math",
                "reward_model": {"style": "rule", "ground_truth": "3"},
                "extra_info": {"split": "train", "index": 0, "answer": "3", "question": "<image>Find x."},
            },
            {"question": "Find x.", "answer": "3", "answer_kind": "number", "source": "hiyouga/geometry3k"},
        ),
        (
            "llamafactory_sharegpt",  # Eureka-Distill's likely layout
            {
                "conversations": [
                    {"from": "human", "value": f"<image>Find it. {BOXED.instruction}"},
                    {"from": "gpt", "value": "<think> A half. </think> \\boxed{3}"},
                ],
                "images": ["a.png"],
            },
            {"question": "Find it.", "answer": "3", "answer_kind": "number", "trace": "A half."},
        ),
        (
            "llamafactory_alpaca",
            {"instruction": "Add.", "input": "1 and 2", "output": "<think>Three.</think><answer>3</answer>"},
            {"question": "Add.\n1 and 2", "answer": "3", "trace": "Three."},
        ),
        (
            "ms_swift",
            {"messages": [{"role": "user", "content": "<image>How many?"}], "images": ["a.png"], "solution": "3"},
            {"question": "How many?", "answer": "3", "images": ["a.png"]},
        ),
        (
            "openrlhf",
            {
                "prompt": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "How?"}]}],
                "images": ["a.png"],
                "label": "3",
            },
            {"question": "How?", "answer": "3", "images": ["a.png"]},
        ),
        (
            "vlmevalkit",
            {"index": "7", "question": "Which?", "A": "cat", "B": "dog", "C": "", "answer": "B", "category": "pets"},
            {"id": "7", "answer": "B", "answer_kind": "option", "choices": ["cat", "dog"], "family": "pets"},
        ),
        (
            "s1k",
            {
                "question": "Sum?",
                "solution": "Add: \\boxed{12}",
                "deepseek_thinking_trajectory": "Well.",
                "cot_type": "math",
                "deepseek_grade": "Yes",
            },
            {"question": "Sum?", "answer": "12", "trace": "Well.", "family": "math"},
        ),
    ],
)
def test_rows_of_others_are_detected_and_read(name: str, row: dict[str, Any], expected: dict[str, Any]):
    assert detected_as(row) == name
    found = FORMATS[name].layout.read(row)
    assert found is not None
    assert {field: found[field] for field in expected} == expected


def test_openrlhfs_plain_prompts_have_marks_and_its_parts_have_none():
    read = FORMATS["openrlhf"].layout.read
    plain = read({"prompt": "<image>Find <image>.", "images": ["a.png", "b.png"], "label": "3"})
    parts = [{"type": "image"}, {"type": "text", "text": "Is <image> a word?"}]
    listed = read({"prompt": [{"role": "user", "content": parts}], "images": ["a.png"], "label": "yes"})
    assert plain is not None
    assert listed is not None
    assert (plain["question"], listed["question"]) == ("Find .", "Is <image> a word?")
    with pytest.raises(InputError, match="2 image parts with 1 pictures"):
        read({"prompt": [{"role": "user", "content": parts[:1] * 2}], "images": ["a.png"], "label": "yes"})


_COLUMNS = sorted({name for each in FORMATS.values() for column in each.layout.columns for name in column.split("|")})
_FURTHER = ("choices", "images", "extra_info", "completion", "A", "meta", "gt", "image_urls", "passrate_for_m", "level")
_cells = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.sampled_from(["user", "3"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "from",
                    "value",
                    "type",
                    "text",
                    "bytes",
                    "path",
                    "image",
                    "ground_truth",
                    "answer_kind",
                    "question",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(row=st.dictionaries(st.sampled_from([*_COLUMNS, *_FURTHER, "answer_kind"]), _cells, max_size=8))
def test_rows_of_any_shape_are_told_in_words(row: dict[str, Any]):
    """Nobody's table ends in a traceback."""
    with suppress(InputError):
        detected(Path("table"), list(row), row)
    for each in FORMATS.values():
        with suppress(InputError, FileError):
            check_columns("table", list(row), each.layout, each.name)
            read = read_row(each.layout, row)
            if read is not None:
                ours = checked({"id": "1", **{name: cell for name, cell in read.items() if cell is not None}})
                for cell in ours["images"]:
                    load(cell, Path("none"))


def test_a_table_that_fits_nothing_says_what_it_needs():
    with pytest.raises(InputError) as caught:
        detected_as({"prompt_text": "How?", "gold": "3"})
    said = str(caught.value)
    assert "its columns (prompt_text, gold) fit no format" in said
    assert "--map question=COLUMN --map answer=COLUMN" in said
    assert "\n" not in said


def test_a_table_that_fits_two_formats_names_them():
    both = {"instruction": "How?", "output": "3", "problem": "How?", "answer": "3"}
    with pytest.raises(InputError, match=r"fit several formats, easyr1, llamafactory_alpaca; .* --from"):
        detected_as(both)


# ---- difficulty tags


@pytest.mark.parametrize(
    ("value", "level", "rate"),
    [
        (0.8125, None, 13 / 16),
        (13, None, 13 / 16),
        ("13", None, 13 / 16),
        (0, 5, 0.0),
        (1.0, None, 1.0),  # a fraction
        (1, None, 1 / 16),  # a count
        (1, 1, 1.0),  # all of them, as it is of the easiest level
        (1.0, 5, 1 / 16),  # one of them, as it is of the hardest
        (16, 1, 1.0),
    ],
)
def test_pass_rates_as_fractions_and_counts(value: Any, level: int | None, rate: float):
    assert pass_rate(value, level) == rate


@pytest.mark.parametrize("value", [17, -1, 2.5, "many", None, True])
def test_what_is_no_pass_rate(value: Any):
    with pytest.raises(InputError, match="expected a fraction from 0 to 1 or a count of 16"):
        pass_rate(value, None)


def test_levels_in_every_writing():
    assert [difficulty(value) for value in (3, "3", "L3", "level 3", 3.0)] == [3] * 5
    with pytest.raises(InputError, match="expected 1 to 5 or L1 to L5"):
        difficulty("hard")


def test_a_tagged_benchmark_is_read_and_an_unknown_column_asked_for():
    tags = {"passrate_for_qwen2.5_vl_7b": 13, "difficulty_level_for_qwen2.5_vl_7b": "L1"}
    row = {
        "id": 4,
        "question": "Which?",
        "options": "['cat', 'dog']",
        "answer": "B",
        "image_1": {"bytes": b"x"},
        **tags,
    }
    assert detected_as(row) == "tagged"
    found = TAGGED.layout.read(row)
    assert found is not None
    assert (found["id"], found["choices"], found["answer_kind"]) == ("4", ["cat", "dog"], "option")
    assert (found["level"], found["passrate_for_qwen2.5_vl_7b"]) == (1, 13 / 16)
    only_rate = TAGGED.layout.read({"question": "Sum?", "answer": "3", "passrate_for_x": 5})
    assert only_rate is not None
    assert only_rate["level"] == 3
    with pytest.raises(InputError, match=r"its columns: asked, answer.* --map question=COLUMN"):
        TAGGED.layout.read({"asked": "Sum?", "answer": "3", "passrate_for_x": 5})
