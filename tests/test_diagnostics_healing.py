"""What SFT loses on held-out tasks and RL restores: planted courses, and honest ones that are left alone."""

from collections.abc import Sequence

import numpy as np
import pytest

from synergy.diagnostics.healing import Course, peak_verdict, window_of

NUM_PROBLEMS = 400


def scores(means: Sequence[float], seed: int) -> np.ndarray:
    """Right or wrong of each problem, so many right on average at each checkpoint."""
    return (np.random.default_rng(seed).random((len(means), NUM_PROBLEMS)) < np.array(means)[:, None]).astype(float)


def course(sft: Sequence[float], rl: Sequence[float], seed: int = 0) -> Course:
    places = range(len(sft))
    return Course(
        names=[f"c{place}" for place in places],
        num_seen=[100 * (place + 1) for place in places],
        sft=scores(sft, 2 * seed),
        rl=scores(rl, 2 * seed + 1),
    )


def test_a_planted_peak_and_window_are_found():
    found = course([0.3, 0.5, 0.4, 0.25, 0.1], [0.3, 0.5, 0.52, 0.4, 0.1])
    word, best, said = peak_verdict(found, 0)
    assert (word, best) == ("peak", 1)
    assert "after 200 demonstrations" in said
    assert window_of(found, 0) == [2, 3], "from the last one RL does not come back"


def test_a_rise_is_no_peak():
    assert peak_verdict(course([0.1, 0.2, 0.3, 0.4], [0.4] * 4), 0)[:2] == ("no peak", 3)


def test_honest_level_courses_show_a_peak_seldom():
    found = [peak_verdict(course([0.3] * 5, [0.3] * 5, seed), 0)[0] for seed in range(30)]
    assert found.count("peak") <= 3  # at most 2.5 % of them, by the shared-out level


@pytest.mark.parametrize("gain", [0.0, 0.2])
def test_what_rl_gains_is_paired(gain: float):
    sft = scores([0.4], 0)
    rl = np.maximum(sft, scores([gain], 1))
    found = Course(names=["a"], num_seen=[1], sft=sft, rl=rl)
    assert window_of(found, 0) == ([0] if gain else [])
