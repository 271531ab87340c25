"""Stated arithmetic, and false steps that are planted in the pocket's own traces."""

from pathlib import Path

import pytest
from diagnosed import sample, stored

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.paths.arithmetic import equations
from synergy.diagnostics.paths.truth import features, truth
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.subject import Subject
from synergy.pocket import make_item


@pytest.mark.parametrize(
    ("text", "truths"),
    [
        ("so 90 - 36 = 54 degrees", [True]),
        ("angle AOB = 180 - 90 - 36 = 55.", [False]),
        (r"$\frac{1}{2} \times 10 = 5$", [True]),
        ("180° - 2 × 40° = 100°, and 3 + 4 = 8", [True, False]),
        ("3^2 + 4^2 = 25 = 5^2", [True, True]),
        ("10 / 3 = 3.33", [True]),  # rounded as shown
        ("10 / 3 = 3.34", [False]),
        ("10 / 3 ≈ 3", [True]),
        ("10 / 3 = 3", [False]),
        ("1,000 + 24 = 1,024", [True]),
        ("5 cm + 3 cm = 8 cm", [True]),
        ("-3 + 5 = 2", [True]),
        ("7 / 0 = 0", []),
        # what is no arithmetic, or only a part of some
        ("2x + 3 = 7", []),
        ("AB + 3 = 7", []),
        ("x = 7", []),
        ("5 = 5", []),
        ("sin 30 + 1 = 1.5", []),
        ("angle 1 + 2 = 90", []),
        ("4 + 3 = 7x", []),
        ("4 + 3 = 7 - y", []),
        ("2 + 2 = 2a", []),
        ("20% + 3 = 23", []),
    ],
)
def test_arithmetic_that_is_stated(text: str, truths: list[bool]):
    assert [each.true for each in equations(text)] == truths


def response(trace: str, *, correct: bool) -> Sample:
    item = make_item("evaluation", "count", 1, 0)
    return sample(
        item.id, f"<think> {trace}</think> \\boxed{{4}}", correct=correct, gold=item.task.answer,
        question=item.question(),
    )  # fmt: skip


def test_the_pockets_statements_are_executed():
    item = make_item("evaluation", "count", 1, 0)
    true = features(response(item.short().trace, correct=True))
    assert true["against_pictures"] == 1
    assert true["statements"] == true["true"] > 1
    assert (true["standing"], true["right_by_false"], true["sound"]) == (0, 0, 1)

    words, answer = item.task.selector.words(), int(item.task.answer)  # type: ignore[attr-defined]
    wrong = f"{words}: {answer + 1}. The answer is {answer}"
    false = features(response(wrong, correct=True))
    assert (false["statements"], false["true"], false["standing"], false["right_by_false"]) == (1, 0, 1, 1)

    mended = f"{words}: {answer + 1}. Wait, that is not right. It should be {words}: {answer}. The answer is {answer}"
    after = features(response(mended, correct=True))
    assert (after["false"], after["mended"], after["standing"], after["sound"]) == (1, 1, 0, 1)

    unlucky = features(response(item.short().trace, correct=False))
    assert (unlucky["wrong_by_true"], unlucky["right_by_false"]) == (1, 0)


def test_of_other_problems_only_arithmetic_is_checked():
    item = make_item("evaluation", "count", 1, 0)
    other = sample(item.id, "<think> 2 + 2 = 5</think>", correct=False, question="Another question?")
    assert features(other)["against_pictures"] == 0
    assert features(other)["true"] == 0
    silent = features(sample("geo-1", "It is so.", correct=True))
    assert (silent["statements"], silent["stating"], silent["right"], silent["wrong_by_true"]) == (0, 0, 0, 0)


def test_the_finding_counts_both_ways_to_be_wrong(tmp_path: Path):
    item = make_item("evaluation", "count", 1, 0)
    words = item.task.selector.words()  # type: ignore[attr-defined]
    lucky = [response(f"{words}: 11. The answer is {item.task.answer}", correct=True)]
    sound = [response(item.short().trace, correct=True), response(item.short().trace, correct=False)]
    subjects = [
        Subject(name=name, responses={"made": stored(tmp_path / name, samples)})
        for name, samples in (("lucky", lucky), ("sound", sound))
    ]
    found = truth(Inquiry(subjects=subjects, against=subjects[1], cache=tmp_path))
    rows = {row["subject"]: row for row in found.rows}
    assert (rows["lucky"]["right_by_false"], rows["sound"]["right_by_false"]) == (1, 0)
    assert rows["sound"]["wrong_by_true"] == 1
    assert rows["lucky"]["true_change"] == -1
    titles = [each.title for each in found.examples]
    assert titles == [
        f"lucky, right answer after a false step: {item.id}",
        f"sound, wrong answer after true steps alone: {item.id}",
    ]
    assert [part.label for part in found.examples[0].parts if part.value is not None] == ["false"]
