"""Lengths of right and wrong answers, by hand; how findings are kept."""

from pathlib import Path

import numpy as np
import pytest

from synergy.diagnostics.diagnose import chosen, diagnose
from synergy.diagnostics.finding import read_findings
from synergy.diagnostics.kept import kept
from synergy.diagnostics.lengths import within_problems
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.subject import Subject
from synergy.errors import InputError


def sample(problem: str, num_tokens: int, correct: bool) -> Sample:
    return Sample(
        problem_id=problem,
        family="count",
        level=1,
        run=0,
        question="?",
        gold="1",
        text="1",
        num_tokens=num_tokens,
        correct=correct,
        extracted="1",
        truncated=False,
    )


def test_lengths_are_compared_within_problems_that_have_both():
    right, wrong = within_problems(
        [
            sample("a", 10, True),
            sample("a", 20, True),
            sample("a", 40, False),
            sample("b", 100, False),  # never right: it says nothing
            sample("c", 7, True),
            sample("c", 5, False),
        ]
    )
    np.testing.assert_array_equal(right, [15, 7])
    np.testing.assert_array_equal(wrong, [40, 5])


def test_what_was_computed_is_not_computed_again(tmp_path: Path):
    calls: list[int] = []

    def compute() -> list[float]:
        calls.append(1)
        return [0.1, 2.0]

    assert kept(tmp_path, {"model": "a", "seed": 0}, compute) == [0.1, 2.0]
    assert kept(tmp_path, {"model": "a", "seed": 0}, compute) == [0.1, 2.0]
    assert len(calls) == 1
    kept(tmp_path, {"model": "a", "seed": 1}, compute)
    assert len(calls) == 2


def test_a_model_without_what_is_needed_is_left_out_and_none_at_all_is_said(tmp_path: Path):
    with pytest.raises(InputError, match="nothing to diagnose") as raised:
        diagnose(chosen(["lengths"], runs_models=False), [Subject(name="a")], None, tmp_path)
    assert "lengths (responses)" in str(raised.value)
    assert read_findings(tmp_path) == []
