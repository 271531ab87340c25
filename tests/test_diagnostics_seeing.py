"""How much needs the picture, and what goes over from pictures to words: numbers by hand and planted models."""

import numpy as np
import pytest

from synergy.diagnostics.accuracies import side_by_side
from synergy.diagnostics.modalities import Carried, Side, shares_of, verdicts_of
from synergy.diagnostics.seeing import compared


def test_models_are_compared_on_what_both_answered():
    found = side_by_side([{"a": 1.0, "b": 0.5, "c": 0.0}, {"c": 0.25, "a": 0.75}])
    np.testing.assert_array_equal(found, [[1.0, 0.0], [0.75, 0.25]])


def test_the_share_that_needs_the_picture_by_hand():
    shown = {str(number): float(number < 80) for number in range(100)}
    without = {str(number): float(number < 20) for number in range(100)}
    num, with_them, cells = compared(shown, without, 0)
    assert (num, with_them) == (100, 0.8)
    assert cells["accuracy"] == pytest.approx(0.2)
    assert cells["lost"] == pytest.approx(0.6)
    assert cells["share"] == pytest.approx(0.75)
    assert 0.6 < float(cells["share_low"] or 0) < 0.75 < float(cells["share_high"] or 0) < 0.9


def test_a_model_that_is_never_right_has_no_share():
    _, _, cells = compared({"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 1.0}, 0)
    assert "share" not in cells
    assert cells["lost"] == -0.5


def carried(method: str, home: Side, at_home: float, away: float) -> Carried:
    rng = np.random.default_rng(0)
    other: Side = "text" if home == "pictures" else "pictures"
    return Carried(
        home=home,
        method="SFT" if method == "SFT" else "RL",
        means={home: (0.3, 0.3 + at_home), other: (0.2, 0.2 + away)},
        gains={home: rng.normal(at_home, 0.01, 1000), other: rng.normal(away, 0.01, 1000)},
    )


def test_what_is_carried_over_is_named():
    models = [
        carried("SFT", "pictures", 0.2, 0.15),
        carried("SFT", "pictures", 0.2, 0.13),
        carried("RL", "pictures", 0.2, 0.02),
        carried("SFT", "text", 0.2, 0.05),
    ]
    (verdict,) = verdicts_of(models)
    assert (verdict.subject, verdict.name) == ("trained on pictures", "SFT carries more")
    assert "SFT gains 14.0 points and RL 2.0" in verdict.because
    shares = shares_of(models[0])
    assert shares is not None
    assert np.median(shares) == pytest.approx(0.75, abs=0.02)
    assert shares_of(carried("RL", "text", 0.01, 0.2)) is None, "without a gain at home nothing is carried over"
