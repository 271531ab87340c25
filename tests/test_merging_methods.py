"""Merging methods against numbers worked out by hand."""

import math

import pytest
import torch
from torch import Tensor

from synergy.models.merging.dare import drop
from synergy.models.merging.linear import linear
from synergy.models.merging.slerp import slerp
from synergy.models.merging.task_arithmetic import task_arithmetic
from synergy.models.merging.ties import merge_agreeing, trim

KEY = (0, "layer.weight", 0)


def vector(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def test_linear_is_the_mean_of_all_weight() -> None:
    models = [vector(1, 2), vector(5, -6)]
    assert linear(models, [3.0, 1.0], normalize=True).tolist() == [2, 0]
    assert linear(models, [3.0, 1.0], normalize=False).tolist() == [8, 0]
    assert linear(models, [0.0, 0.0], normalize=False).tolist() == [0, 0]


@pytest.mark.parametrize("weights", [[0.3, 0.0], [0.0, 7.1]])
def test_linear_with_all_weight_on_one_model_is_that_model(weights: list[float]) -> None:
    models = [torch.randn(100), torch.randn(100)]
    models[0][:2] = models[1][:2] = vector(-0.0, 3e-42)  # signed zero, subnormal
    chosen = models[weights.index(max(weights))]
    assert linear(models, weights, normalize=True).numpy().tobytes() == chosen.numpy().tobytes()


def test_slerp_follows_the_arc() -> None:
    base, other = vector(2, 0), vector(0, 4)  # a right angle: the coefficients are cosine and sine
    third = math.pi / 6
    expected = [2 * math.cos(third), 4 * math.sin(third)]
    assert slerp(base, other, 1 / 3).tolist() == pytest.approx(expected)
    as_matrix = slerp(base.view(2, 1), other.view(2, 1), 1 / 3)
    assert as_matrix.flatten().tolist() == pytest.approx(expected)
    assert as_matrix.shape == (2, 1)


def test_slerp_keeps_length_between_vectors_of_one_length() -> None:
    base, other = vector(3, 0, 0), vector(0, 3 * math.sin(1), 3 * math.cos(1))
    for t in (0.2, 0.5, 0.9):
        assert float(slerp(base, other, t).norm()) == pytest.approx(3)


def test_slerp_ends_are_exact_and_the_base_is_at_0() -> None:
    base, other = torch.randn(50), torch.randn(50)
    assert torch.equal(slerp(base, other, 0.0), base)
    assert torch.equal(slerp(base, other, 1.0), other)


def test_slerp_is_linear_where_vectors_are_nearly_parallel_or_vanish() -> None:
    base = vector(1, 0)
    for angle, is_linear in ((math.acos(0.9996), True), (math.acos(0.9994), False)):
        other = 3 * vector(math.cos(angle), math.sin(angle))
        expected = 0.75 * base + 0.25 * other
        assert torch.allclose(slerp(base, other, 0.25), expected, rtol=0, atol=1e-7) == is_linear
    assert slerp(base, -2 * base, 0.25).tolist() == [0.25, 0]
    assert slerp(vector(0, 0), vector(0, 0), 0.25).tolist() == [0, 0]
    # cosine 0 by convention, so sine and cosine of π/8 again
    assert slerp(vector(0, 0), vector(4, 0), 0.25).tolist() == pytest.approx([4 * math.sin(math.pi / 8), 0])


def test_task_arithmetic_adds_differences() -> None:
    base, deltas = vector(10, 20), [vector(1, -2), vector(4, 4)]
    plain = task_arithmetic(base, deltas, [2.0, 0.5], normalize=False, scale=1.0)
    assert plain.tolist() == [14, 18]
    assert task_arithmetic(base, deltas, [2.0, 0.5], normalize=True, scale=5.0).tolist() == [18, 16]
    assert task_arithmetic(base, deltas, [1.0, -1.0], normalize=True, scale=1.0).tolist() == [7, 14]  # divides by 1
    assert base.tolist() == [10, 20]


def test_task_arithmetic_without_weight_is_the_base() -> None:
    base = vector(-0.0, 1)
    assert task_arithmetic(base, [vector(1, 1)], [0.0], normalize=False, scale=1.0) is base


def test_trim_keeps_the_largest_magnitudes() -> None:
    delta = vector(3, -5, 1, 2, -4)
    assert trim(delta, 0.4).tolist() == [0, -5, 0, 0, -4]
    assert trim(delta, 0.5).tolist() == [0, -5, 0, 0, -4]  # rounds down
    assert trim(delta, 0.1).tolist() == [0, -5, 0, 0, 0]  # and keeps one at least
    assert trim(delta, 0.0).tolist() == [0] * 5
    assert trim(delta, 1.0) is delta


def test_trim_keeps_the_first_of_equal_magnitudes() -> None:
    assert trim(vector(1, -1, 1, 2, 1), 0.6).tolist() == [1, -1, 0, 2, 0]
    assert trim(torch.ones(2, 3), 0.5).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert trim(torch.zeros(4), 0.5).tolist() == [0] * 4


def test_ties_by_hand_with_three_models() -> None:
    base = vector(100, 100, 100, 100)
    # columns: all agree; the heavier side wins; a trimmed entry (0) is on no side; the weights decide
    deltas = [vector(1, 8, 0, 2), vector(2, -1, -6, -2), vector(3, -2, -2, 0)]
    weights = [1.0, 2.0, 2.0]
    # weighted: [1, 8, 0, 2], [2·2, 2·(-1), 2·(-6), 2·(-2)], [6, -4, -4, 0]; sums 11, 2, -16, -2
    merged = merge_agreeing(base, deltas, weights, normalize=True, scale=1.0)
    assert merged.tolist() == pytest.approx([100 + 11 / 5, 100 + 8 / 1, 100 - 16 / 4, 100 - 4 / 2])
    plain = merge_agreeing(base, deltas, weights, normalize=False, scale=0.5)
    assert plain.tolist() == [105.5, 104, 92, 98]
    balanced = merge_agreeing(vector(0), [vector(3), vector(-3)], [1.0, 1.0], normalize=True, scale=1.0)
    assert balanced.tolist() == [3]


def test_ties_where_no_model_changed_anything_is_the_base() -> None:
    merged = merge_agreeing(vector(7, 7), [vector(0, 0)] * 2, [0.5, 0.5], normalize=True, scale=1.0)
    assert merged.tolist() == [7, 7]


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
def test_dare_keeps_the_expectation(density: float) -> None:
    delta = torch.full((200_000,), 2.0)
    dropped = drop(delta, density, rescale="inverse_density", key=KEY)
    assert dropped[dropped != 0].unique().tolist() == pytest.approx([2 / density])
    spread = 2 * math.sqrt((1 / density - 1) / len(delta))
    assert float(dropped.mean()) == pytest.approx(2, abs=5 * spread)
    over_seeds = torch.stack(
        [drop(delta[:50], density, rescale="inverse_density", key=(seed, "w", 0)) for seed in range(4000)]
    )
    assert over_seeds.mean(dim=0).tolist() == pytest.approx([2] * 50, abs=5 * 2 * math.sqrt((1 / density - 1) / 4000))


def test_dare_rescales_as_asked() -> None:
    delta = torch.randn(1000)
    bare = drop(delta, 0.3, rescale="none", key=KEY)
    assert torch.equal(bare[bare != 0], delta[bare != 0])
    restored = drop(delta, 0.3, rescale="l1_norm", key=KEY)
    assert float(restored.abs().sum()) == pytest.approx(float(delta.abs().sum()), rel=1e-5)
    assert torch.allclose(restored, bare * float(delta.abs().sum() / bare.abs().sum()))
    assert drop(torch.zeros(9), 0.3, rescale="l1_norm", key=KEY).tolist() == [0] * 9


def test_dare_is_determined_by_seed_name_and_model() -> None:
    delta = torch.ones(64, 8)
    first = drop(delta, 0.5, rescale="none", key=KEY)
    assert torch.equal(first, drop(delta, 0.5, rescale="none", key=KEY))
    for other in ((1, *KEY[1:]), (0, "another", 0), (0, "layer.weight", 1)):
        assert not torch.equal(first, drop(delta, 0.5, rescale="none", key=other))
    assert drop(delta, 1.0, rescale="inverse_density", key=KEY) is delta
    assert not drop(delta, 0.0, rescale="inverse_density", key=KEY).any()
