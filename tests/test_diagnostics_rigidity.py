"""Structures, phrases, certainty, what explains a gap, and imitation, on texts and numbers made by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
from diagnosed import sample, stored

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.paths.certainty import Path as Way
from synergy.diagnostics.paths.certainty import gains, num_tokens_after_certain, path_features
from synergy.diagnostics.paths.gap import EXPLAINERS, explained, gap, verdict
from synergy.diagnostics.paths.imitation import imitation
from synergy.diagnostics.paths.rigidity import rigidity
from synergy.diagnostics.paths.structure import (
    compression,
    likeness,
    likeness_within,
    num_repeated,
    phrases,
    structure,
    words,
)
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.subject import Subject
from synergy.pocket import items


def test_a_structure_is_the_forms_of_steps_without_their_numbers():
    text = "<think> Row 1: 3. Row 2: 17. So it's 20. The answer is 20</think> \\boxed{20}"
    assert words("Row 1: it's 3.5, X2") == ["row", "#", "it's", "#", "x", "#"]
    assert structure(text) == "row # | so it's | the answer"
    assert structure(text.replace("17", "4")) == structure(text)
    assert structure("") == ""


def test_likeness_by_hand():
    # a and b share a structure, c has another: of 3 pairs 1 is alike
    estimate, error = likeness({"a": ["x"], "b": ["x"], "c": ["y"]})
    assert estimate == pytest.approx(1 / 3)
    # what the problems contribute: 1/2, 1/2, 0
    assert error == pytest.approx(2 * np.std([0.5, 0.5, 0], ddof=1) / math.sqrt(3))
    # attempts at one problem are averaged, never compared with each other
    assert likeness({"a": ["x", "x", "x"], "b": ["x", "y", "y"]})[0] == pytest.approx(1 / 3)
    assert math.isnan(likeness({"a": ["x"]})[0])
    both = likeness_within({"f": {"a": ["x"], "b": ["x"]}, "g": {"c": ["x"], "d": ["y"], "e": ["z"]}})
    assert both[0] == pytest.approx((2 * 1 + 3 * 0) / 5)


def test_phrases_repetition_and_compression():
    found = phrases("<think> we see 1 cat. we see 2 cat now</think>")
    assert found[0] == ("we", "see", "#", "cat")
    assert num_repeated(found) == 1
    assert phrases("too short") == []
    same, other = compression("we count the red ones" * 20), compression("".join(f"{i * 7919} x" for i in range(40)))
    assert same > 5 > other


def test_steps_by_the_bits_that_they_gain():
    way = Way(
        gold_bits=[-4, -1, -1.2, -3, 0], own_bits=[-4, 0, -0.1, 0, 0], num_tokens=[5, 6, 7, 8],
        reflects=[False, False, True, True],
    )  # fmt: skip
    np.testing.assert_allclose(gains(way), [3, -0.2, -1.8, 3])
    found = path_features(way)
    assert (found["raises"], found["leaves"], found["lowers"]) == (2, 1, 1)
    assert (found["bits"], found["tokens"], found["hesitant_tokens"]) == (pytest.approx(4), 26, 13)
    assert (found["reflecting"], found["reflecting_raises"], found["reflecting_bits"]) == (2, 1, pytest.approx(1.2))
    assert found["start_prob"] == pytest.approx(1 / 16)
    # 2 ** −0.1 is certain, so the answer is from the first step on
    assert found["wasted_tokens"] == 6 + 7 + 8
    assert found["certain_tokens"] == 26


def test_certain_is_from_where_it_stays():
    def way(own: list[float] | None) -> Way:
        return Way(gold_bits=[-1, -1, -1], own_bits=own, num_tokens=[5, 6], reflects=[False, False])

    assert num_tokens_after_certain(way([0, 0, 0])) == 11
    assert num_tokens_after_certain(way([0, -9, 0])) == 0
    assert num_tokens_after_certain(way([0, 0, -1])) is None
    assert num_tokens_after_certain(way(None)) is None
    assert path_features(way(None))["certain"] == 0


def test_what_is_unlikely_beyond_measure_is_cut():
    way = Way(gold_bits=[-1000, -20, -1], own_bits=None, num_tokens=[1, 1], reflects=[False, False])
    np.testing.assert_allclose(gains(way), [0, 19])


def test_a_measure_that_makes_the_gap_leaves_nothing_of_it():
    rng = np.random.default_rng(0)
    # right exactly where there is no empty reflection; the arms differ in nothing else
    ours = {
        str(i): [[float(not empty), float(empty), float(rng.integers(9))]] for i, empty in enumerate([1, 1, 1, 0] * 25)
    }
    theirs = {
        str(i): [[float(not empty), float(empty), float(rng.integers(9))]] for i, empty in enumerate([0, 0, 0, 1] * 25)
    }
    found = explained(ours, theirs, 1, seed=0)
    assert found.gap[0] == pytest.approx(-0.5)
    assert found.left[0] == pytest.approx(0, abs=1e-9)
    assert found.explained[0] == pytest.approx(-0.5)
    other = explained(ours, theirs, 2, seed=0)
    assert other.left[0] == pytest.approx(-0.5, abs=0.1)
    names = list(EXPLAINERS)
    said = verdict("two_stage", "made", "rl", {names[3]: found, names[0]: other})
    assert said.name == "empty reflections"
    assert "100 % of it" in said.because


def test_a_measure_that_is_the_arm_itself_or_constant_explains_nothing():
    ours = {str(i): [[float(i % 2), 1.0, 5.0]] for i in range(10)}
    theirs = {str(i): [[1.0, 0.0, 5.0]] for i in range(10)}
    for measure in (1, 2):
        assert explained(ours, theirs, measure, seed=0).left[0] == pytest.approx(-0.5)


def _responses(*, long: bool, false: bool, num: int = 60) -> list[Sample]:
    """The pocket's own traces as responses that are right, with a false count before the answer where asked for."""
    found: list[Sample] = []
    for item in items("evaluation", num, families=["count"], levels=(1, 2)):
        demonstration = item.long() if long else item.short()
        trace = demonstration.trace
        if false:
            words = item.task.selector.words()  # type: ignore[attr-defined]
            lie = f"{words}: {int(demonstration.answer) + 1}"
            trace = (
                f"{lie}. Let me check. This agrees. {trace.rpartition('. ')[2]}"
                if not long
                else (
                    trace.replace("Let me", f"{lie}. {lie}. Let me", 1).replace(
                        "Alternatively", f"{lie}. Alternatively", 1
                    )
                )
            )
        found.append(
            sample(item.id, f"<think> {trace}</think> \\boxed{{{demonstration.answer}}}", correct=True,
                   gold=demonstration.answer, kind="digit", question=item.question())
        )  # fmt: skip
    return found


def test_imitation_is_the_experts_manner_without_its_work(tmp_path: Path):
    made = {
        "base": _responses(long=False, false=False),
        "expert": _responses(long=True, false=False),
        "imitator": _responses(long=True, false=True),
    }
    subjects = {
        name: Subject(name=name, responses={"made": stored(tmp_path / name, samples)}) for name, samples in made.items()
    }
    others = [subjects["expert"], subjects["imitator"]]
    found = imitation(Inquiry(subjects=others, against=subjects["base"], cache=tmp_path / "cache"))
    rows = {row["subject"]: row for row in found.rows}
    assert rows["base"]["expert"] == 0  # what it says itself is not the expert's alone
    assert rows["expert"]["expert"] > 0.4  # type: ignore[operator]
    assert rows["imitator"]["right_by_false"] > 0.5  # type: ignore[operator]
    assert rows["expert"]["right_by_false"] == 0
    signs = {row["subject"]: str(row["signs"]) for row in found.rows}
    assert signs["base"] == ""
    assert signs["expert"] == "expert's phrases, empty reflections"  # it looks twice and was right
    assert "right by false steps" in signs["imitator"]
    verdicts = {each.subject: each.name for each in found.verdicts}
    assert verdicts == {"expert on made": "the expert's manner", "imitator on made": "imitation"}
    assert found.examples


def test_rigidity_tells_one_pattern_from_many(tmp_path: Path):
    rng = np.random.default_rng(0)
    words = [f"{a}{b}" for a in ("ka", "lo", "mi", "nu") for b in ("ra", "so", "ti", "ve")]
    bare = [sample(str(i), "<answer>4</answer>", correct=True) for i in range(9)]
    rigid = [sample(str(i), f"First I look. Then {i} is it. So {i}", correct=True) for i in range(130)]
    free = [
        sample(str(i), ". ".join(" ".join(rng.choice(words, 5)) for _ in range(3)), correct=True) for i in range(130)
    ]
    subjects = [
        Subject(name=name, responses={"made": stored(tmp_path / name, samples)})
        for name, samples in (("rigid", rigid), ("free", free), ("bare", bare))
    ]
    found = rigidity(Inquiry(subjects=subjects, against=None, cache=tmp_path / "cache"))
    rows = {row["subject"]: row for row in found.rows}
    assert (rows["rigid"]["alike"], rows["rigid"]["structures"]) == (1, 1)
    assert rows["free"]["alike"] == 0
    assert rows["rigid"]["packed"] > rows["free"]["packed"] > 1  # type: ignore[operator]
    assert rows["bare"]["structures"] == 0
    assert "alike" not in rows["bare"]
    assert "expert" not in rows["free"]  # nobody's traces are known


def test_the_gap_is_told_with_its_measures(tmp_path: Path):
    empty = "count: 4. Let me check: 4. This agrees."
    ours = [sample(str(i), empty if i % 4 else "count: 4.", correct=not i % 4) for i in range(40)]
    theirs = [sample(str(i), "count: 4." if i % 4 else empty, correct=bool(i % 4)) for i in range(40)]
    subjects = [
        Subject(name=name, responses={"made": stored(tmp_path / name, samples)})
        for name, samples in (("two_stage", ours), ("rl", theirs))
    ]
    inquiry = Inquiry(subjects=subjects[:1], against=subjects[1], cache=tmp_path / "cache")
    (said,) = gap(inquiry).verdicts
    # length, steps and reflections go with it just as much here; the first of the best is named
    assert said.name in EXPLAINERS.values()
    assert said.because.startswith("-50.0 points against rl")
    rows = {row["measure"]: row for row in gap(inquiry).rows}
    assert rows["empty reflections"]["left"] == pytest.approx(0, abs=1e-9)
    assert rows["false steps that stand"]["left"] == pytest.approx(-0.5)
    same = Inquiry(
        subjects=[subjects[0]], against=Subject(name="twin", responses=subjects[0].responses), cache=tmp_path
    )
    assert gap(same).verdicts[0].name == "no gap"
