"""Steps, stated results, cues and reflections of texts made by hand."""

from pathlib import Path

import pytest
from diagnosed import sample, stored

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.paths.cues import cues, features
from synergy.diagnostics.paths.reflect import MEASURES, reflect
from synergy.diagnostics.paths.reflect import features as reflect_features
from synergy.diagnostics.paths.reflecting import reflections
from synergy.diagnostics.paths.stated import comparable, is_right, same, stated
from synergy.diagnostics.paths.table import by_problem, changes, measured
from synergy.diagnostics.paths.thinking import steps, thinking
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.subject import Subject


def test_thinking_is_what_precedes_the_answer():
    def inside(text: str) -> str:
        start, end = thinking(text)
        return text[start:end]

    assert inside("<think> 2 + 2 = 4. </think> \\boxed{4}") == "2 + 2 = 4."
    assert inside("So 4.\n<answer>4</answer>") == "So 4."
    assert inside("no form at all") == "no form at all"
    assert inside("<answer>4</answer>") == ""
    assert inside("<think> cut off") == "cut off"


def test_steps_are_sentences_and_lines_with_their_places():
    text = "<think> Row 1: 3, 4. So 0.5 is\nit! Done</think> \\boxed{1}"
    found = steps(text)
    assert [step.text for step in found] == ["Row 1: 3, 4.", "So 0.5 is", "it!", "Done"]
    assert all(text[step.start : step.end] == step.text for step in found)
    assert steps("<answer>4</answer>") == []


@pytest.mark.parametrize(
    ("step", "result"),
    [
        ("2 + 3 = 5.", "5"),
        ("4 + 0 = 4, 4 + 1 = 5", "5"),
        ("red objects: 4.", "4"),
        ("Therefore angle C is 54 degrees.", "54"),
        ("12 + 5 is 17, not 18.", "17"),
        ("the sum equals $\\frac{1}{2}$.", "\\frac{1}{2}"),
        ("so \\(x = 5\\).", "5"),
        ("a circle at b2", "b2"),
        ("Let me look closely.", None),
        (f"it is {'a ' * 40}", None),
    ],
)
def test_what_a_step_states(step: str, result: str | None):
    assert stated(step) == result


def test_results_are_compared_by_shape_and_by_grading():
    assert same("X + 4", "x+4")
    assert comparable("3", "-2.5")
    assert not comparable("3", "purple square")
    assert not comparable("4, 5", "1")
    assert is_right("5.0", "5", "number")
    assert is_right("4 + x", "x+4", "expression")
    assert not is_right("4", "5", "number")
    assert not is_right("C", "a long text", "open")


@pytest.mark.parametrize(
    ("thought", "effects"),
    [
        ("count: 3. Wait, that is not right. It should be count: 4. The answer is 4", ["wrong to right"]),
        ("count: 4. Hmm, a mistake. Correct is count: 3. The answer is 3", ["right to wrong"]),
        ("count: 4. Let me check: by column: 1, 3. 1 + 3 = 4. This agrees. The answer is 4", ["same"]),
        ("count: 4. Let me check again. That fits. Now 4 + 2 = 6. The answer is 6", ["same"]),
        ("count: 2. Wait, no. It should be count: 3. The answer is 3", ["other"]),
        ("Let me check. The answer is 4", ["unstated"]),
        # two cues on end are one reflection; a later one is another
        ("a: 3. Wait. Let me check. a: 4. b: 1. Alternatively a: 4. The answer is 4", ["wrong to right", "same"]),
        ("a: 3. b: 4. The answer is 4", []),
        # inside another word it is no cue
        ("a: 3 against 4. The checked one is 4. The answer is 4", []),
    ],
)
def test_the_effect_of_a_reflection(thought: str, effects: list[str]):
    found = reflections(f"<think> {thought}</think> \\boxed{{4}}", "4", "number")
    assert [each.effect for each in found] == effects


def test_cues_are_matched_as_substrings_and_as_whole_words():
    found = features(sample("a", "against it. Wait, check: wait", correct=True))
    assert found["again/substring"] == 1
    assert found["again/word"] == 0
    assert found["wait/count"] == 2
    assert found["wait/places"] == pytest.approx((12 + 25) / 29)
    assert found["any keyword/word"] == 1
    assert features(sample("a", "nothing", correct=True))["any keyword/substring"] == 0


def test_measures_are_ratios_of_sums_over_responses():
    responses = [
        sample("a", "count: 3. Wait. It should be count: 4.", correct=True),
        sample("a", "count: 4. Let me check: 4. This agrees.", correct=True),
        sample("b", "count: 4.", correct=False),
    ]
    row = measured(by_problem(responses, reflect_features), MEASURES, seed=0)
    assert row["responses"] == 3
    assert row["reflecting"] == pytest.approx(2 / 3)
    assert row["empty"] == pytest.approx(1 / 2)
    assert row["mended"] == pytest.approx(1 / 2)
    assert row["right_with"] == 1
    assert row["right_without"] == 0
    assert row["reflecting_low"] == 0  # only b was drawn
    assert row["reflecting_high"] == 1


def test_a_change_is_over_the_problems_that_both_answered():
    ours = by_problem([sample("a", "Wait: 4.", correct=True), sample("b", "Wait: 4.", correct=True)], reflect_features)
    theirs = by_problem([sample("a", "4", correct=True), sample("c", "Wait: 4.", correct=True)], reflect_features)
    row = changes(ours, theirs, MEASURES, seed=0)
    assert (row["reflecting_change"], row["reflecting_change_low"], row["reflecting_change_high"]) == (1, 1, 1)
    assert changes(ours, {}, MEASURES, seed=0) == {}


def test_a_model_that_reflects_for_show_is_named(tmp_path: Path):
    empty = [sample(str(i), "count: 4. Let me check: 4. This agrees.", correct=True) for i in range(30)]
    mending = [sample(str(i), "count: 3. Wait. It should be count: 4.", correct=True) for i in range(30)]
    plain = [sample(str(i), "count: 4.", correct=True) for i in range(30)]
    lost = [sample(str(i), "count: 3. Wait. It should be count: 2.", correct=False) for i in range(30)]
    few = [sample(str(i), "count: 4." if i else "count: 4. Wait: 4.", correct=True) for i in range(30)]
    folders = {"empty": empty, "mending": mending, "plain": plain, "few": few, "lost": lost}
    subjects = [
        Subject(name=name, responses={"made": stored(tmp_path / name, samples)}) for name, samples in folders.items()
    ]
    found = reflect(Inquiry(subjects=subjects, against=subjects[2], cache=tmp_path / "cache"))
    assert {each.subject: each.name for each in found.verdicts} == {
        "plain on made": "none",
        "empty on made": "empty",
        "mending on made": "mending",
        "few on made": "too few",
        "lost on made": "fruitless",
    }
    assert [row["subject"] for row in found.rows] == ["plain", "empty", "mending", "few", "lost"]
    assert found.rows[1]["reflecting_change"] == 1
    shown = {each.title: [part.label for part in each.parts if part.value is not None] for each in found.examples}
    assert shown["mending, wrong to right: 0"] == ["3 → 4: wrong to right"]
    assert shown["empty, empty: 0"] == ["4 → 4: empty"]


def test_the_table_of_cues_has_a_row_a_cue(tmp_path: Path):
    responses: list[Sample] = [sample("a", "Wait, against", correct=True), sample("b", "so", correct=True)]
    subject = Subject(name="model", responses={"made": stored(tmp_path / "made", responses)})
    found = cues(Inquiry(subjects=[subject], against=None, cache=tmp_path / "cache"))
    rows = {str(row["cue"]): row for row in found.rows}
    assert list(rows) == ["any keyword", "wait", "again"]  # the others occur nowhere
    assert (rows["again"]["substring"], rows["again"]["word"]) == (0.5, 0)
    assert (rows["wait"]["word"], rows["wait"]["place"]) == (0.5, 0)
    assert "place" not in rows["again"]  # it is no whole word here
