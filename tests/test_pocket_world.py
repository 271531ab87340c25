"""The pocket world: reproducible, disjoint by content, gold answers right, every statement of every trace true."""

import time
from collections import Counter
from itertools import islice

import pytest

from synergy.errors import InputError
from synergy.grading import Attempt, grade_many
from synergy.pocket import FAMILIES, HELD_OUT_FAMILIES, TRAINING_FAMILIES, items, make_item, stream
from synergy.pocket.claims import read_claims
from synergy.pocket.tasks import LEVELS
from synergy.pocket.world import SPLITS, content, split_of
from synergy.prompts import ANSWER_TAGS, BOXED

ALL = tuple(FAMILIES)


def test_an_address_gives_the_same_item_again() -> None:
    for family in ALL:
        first, again = make_item("train", family, 3, 7), make_item("train", family, 3, 7)
        assert first.problem() == again.problem()
        assert (first.short(), first.long(), first.text_twin()) == (again.short(), again.long(), again.text_twin())


def test_seeds_and_indices_give_other_items() -> None:
    contents = {
        content("sum", make_item("train", "sum", 3, index, seed).task) for index in range(5) for seed in range(5)
    }
    assert len(contents) == 25


def test_splits_share_no_content_over_50_000_problems() -> None:
    seen: dict[str, set[str]] = {split: set() for split in SPLITS}
    for split, num in (("train", 40_000), ("validation", 5_000), ("evaluation", 5_000)):
        for item in items(split, num, families=ALL, seed=3):
            seen[split].add(content(item.family.name, item.task))
    assert not seen["train"] & seen["validation"]
    assert not seen["train"] & seen["evaluation"]
    assert not seen["validation"] & seen["evaluation"]
    assert all(split_of(text) == split for split, texts in seen.items() for text in list(texts)[:200])


def test_a_prefix_of_a_stream_is_balanced() -> None:
    counts = Counter((item.family.name, item.level) for item in items("train", 250))
    assert set(counts) == {(family, level) for family in TRAINING_FAMILIES for level in LEVELS}
    assert set(counts.values()) == {10}


def test_a_stream_can_start_anywhere() -> None:
    whole = [item.id for item in items("train", 40)]
    assert [item.id for item in islice(stream("train", start=15), 25)] == whole[15:]


def test_held_out_families_are_not_training_families() -> None:
    assert not set(HELD_OUT_FAMILIES) & set(TRAINING_FAMILIES)
    assert all(FAMILIES[name].held_out for name in HELD_OUT_FAMILIES)


def test_every_statement_of_every_trace_is_true_or_mended_over_20_000_problems() -> None:
    num_claims = num_slips = 0
    for item in items("train", 20_000, families=ALL, seed=5):
        for demonstration in (item.short(), item.long()):
            assert demonstration.trace.endswith(item.task.answer), item.id
            claims = read_claims(item.task, demonstration.trace)
            num_claims += len(claims)
            num_slips += sum(claim.mended for claim in claims)
            assert all(claim.stands for claim in claims), (item.id, demonstration.trace)
        assert len(read_claims(item.task, item.long().trace)) >= 1, item.id
    assert num_claims > 200_000
    assert 2_000 < num_slips < 20_000  # the long traces do slip, and the short ones never
    assert not any(claim.mended for item in items("train", 400) for claim in read_claims(item.task, item.short().trace))


@pytest.mark.parametrize("preset", [BOXED, ANSWER_TAGS], ids=lambda preset: preset.name)
def test_gold_answers_and_both_traces_score_1_and_follow_the_format(preset) -> None:
    attempts = []
    for item in items("evaluation", 2_000, families=ALL, seed=9):
        problem = item.text_problem()
        for demonstration in (item.short(), item.long()):
            attempts.append(
                Attempt(problem=problem, response=preset.response(demonstration.trace, demonstration.answer))
            )
    verdicts = grade_many(attempts, preset=preset)
    assert all(verdict.correct and verdict.score == 1 and verdict.parts["format"] == 1 for verdict in verdicts)


def test_another_items_answer_is_mostly_wrong() -> None:
    chosen = items("evaluation", 400, families=ALL)
    shifted = chosen[len(ALL) * 5 :] + chosen[: len(ALL) * 5]  # the same family and level, another index
    attempts = [
        Attempt(problem=item.text_problem(), response=BOXED.response("a guess", other.task.answer))
        for item, other in zip(chosen, shifted, strict=True)
    ]
    right = sum(verdict.correct for verdict in grade_many(attempts, preset=BOXED))
    assert right < 0.2 * len(attempts)


def test_a_text_twin_needs_no_picture_and_keeps_its_answer() -> None:
    for item in items("train", 80, families=ALL):
        twin = item.text_twin()
        assert twin.images == ()
        assert item.question() in twin.question
        assert twin.answer == item.task.answer


def test_the_twins_nominal_box_is_right_for_locate() -> None:
    attempts = []
    for item in items("train", 300, families=("locate",)):
        row, column = item.task.path[-1]  # type: ignore[attr-defined]
        side = 1 / item.task.picture.size  # type: ignore[attr-defined]
        x, y, half = (column - 0.5) * side, (row - 0.5) * side, 0.375 * side
        box = f"[{x - half:.3f}, {y - half:.3f}, {x + half:.3f}, {y + half:.3f}]"
        attempts.append(Attempt(problem=item.text_twin(), response=BOXED.response("the middle of the cell", box)))
    assert all(verdict.correct for verdict in grade_many(attempts, preset=BOXED))


def test_problems_with_pictures_come_fast() -> None:
    list(islice(stream("train", families=ALL), 80))  # fonts and masks are cached by now
    started = time.perf_counter()
    for item in items("train", 800, families=ALL, seed=11):
        item.problem()
    rate = 800 / (time.perf_counter() - started)
    assert rate > 500, f"{rate:.0f} problems a second"  # half of what is promised, for a busy machine


@pytest.mark.parametrize(
    ("split", "family", "level", "message"),
    [
        ("test", "sum", 1, "unknown split 'test'"),
        ("train", "cuont", 1, "did you mean 'count'?"),
        ("train", "sum", 6, "from 1 (easiest) to 5"),
    ],
)
def test_a_wrong_address_is_named(split: str, family: str, level: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        make_item(split, family, level, 0)
    assert message in str(caught.value)
