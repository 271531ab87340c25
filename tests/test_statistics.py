"""Statistics against numbers worked out by hand, brute force, and error rates under no effect."""

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from synergy.errors import InputError
from synergy.statistics.bootstrap import bootstrap_means, holm, paired_difference
from synergy.statistics.levels import level_indices, level_of
from synergy.statistics.rates import clustered_standard_error, pass_at_k
from synergy.statistics.synergy import SynergyVerdict, synergy


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_pass_at_k_is_the_share_of_subsets_with_a_correct_sample(k: int) -> None:
    for num_correct in range(6):
        subsets = list(combinations([True] * num_correct + [False] * (5 - num_correct), k))
        share = sum(any(subset) for subset in subsets) / len(subsets)
        assert pass_at_k(num_correct, 5, k) == pytest.approx(share, abs=1e-12)


def test_pass_at_k_is_undefined_beyond_the_samples() -> None:
    values = pass_at_k([1, 1], [4, 2], k=3)
    assert values[0] == pytest.approx(3 / 4)
    assert math.isnan(values[1])


@pytest.mark.parametrize(("correct", "samples"), [(3, 2), (-1, 2), (0, 0)])
def test_impossible_counts_are_refused(correct: int, samples: int) -> None:
    with pytest.raises(InputError, match="expected 0 <= correct <= samples"):
        pass_at_k(correct, samples, 1)


def test_clustered_standard_error_by_hand() -> None:
    assert clustered_standard_error([1, 0, 1, 0], [0, 1, 2, 3]) == pytest.approx(math.sqrt(1 / 3) / 2)
    # Two clusters whose deviations sum to +1 and -1: √(2/1 · 2) / 4.
    assert clustered_standard_error([1, 1, 0, 0], ["a", "a", "b", "b"]) == pytest.approx(0.5)
    assert math.isnan(clustered_standard_error([1, 0], [7, 7]))


def test_bootstrap_draws_have_the_spread_of_resampling_problems() -> None:
    scores = np.array([[[0.0, 1.0, 1.0, 0.0]]])
    means = bootstrap_means(scores, seed=0, num_draws=20_000)
    # The mean of four fair coins: 0, ¼ … 1 with binomial chances 1, 4, 6, 4, 1 of 16.
    shares = [(means[:, 0] == value).mean() for value in (0, 0.25, 0.5, 0.75, 1)]
    assert shares == pytest.approx(np.array([1, 4, 6, 4, 1]) / 16, abs=0.015)


def test_the_spread_of_seeds_is_welchs() -> None:
    # Seeds' means 0, 0.5, 1 and 0, 0, 0: variance 0.25 / 3 by 2 degrees of freedom, no spread of problems.
    arm = np.repeat([[0.0], [0.5], [1.0]], 40, axis=1)
    found = paired_difference(arm, np.zeros((3, 40)), seed=0, num_draws=40_000)
    assert found.estimate == pytest.approx(0.5)
    half = 4.302653 * math.sqrt(0.25 / 3)
    assert (found.bound(0.025), found.bound(0.975)) == pytest.approx((0.5 - half, 0.5 + half), abs=0.06)


def test_below_three_seeds_nothing_is_said_of_other_seeds() -> None:
    found = paired_difference(np.repeat([[0.0], [1.0]], 40, axis=1), np.zeros((2, 40)), seed=0, num_draws=500)
    assert (found.bound(0), found.bound(1)) == (0.5, 0.5)


def test_the_noise_of_single_scores_counts_once() -> None:
    # Coins alone: the difference of two means of 5 × 400 fair coins has a standard error of √(2 · 0.25 / 2000).
    scores = np.random.default_rng(0).integers(0, 2, (200, 2, 5, 400)).astype(float)
    spreads = [paired_difference(*each, seed=0, num_draws=400).draws.std() for each in scores]
    # a t distribution of about 8 degrees of freedom is wider than its scale by √(8 / 6)
    assert np.mean(spreads) == pytest.approx(math.sqrt(2 * 0.25 / 2000) * math.sqrt(8 / 6), rel=0.15)


def test_arms_are_paired() -> None:
    baseline = np.repeat(np.random.default_rng(0).random((1, 40)), 3, axis=0)
    difference = paired_difference(baseline + 0.1, baseline, seed=1, num_draws=500)
    assert difference.estimate == pytest.approx(0.1)
    assert (difference.bound(0), difference.bound(1)) == pytest.approx((0.1, 0.1))
    assert difference.p_value == pytest.approx(2 / 501)
    assert paired_difference(baseline, baseline, seed=1, num_draws=500).p_value == 1


def test_a_bootstrap_is_a_function_of_its_seed() -> None:
    arm, baseline = np.random.default_rng(0).random((2, 3, 40))
    draws = [paired_difference(arm, baseline, seed=seed, num_draws=700).draws for seed in (5, 5, 6)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


@pytest.mark.parametrize(
    ("arm", "baseline", "words"),
    [
        (np.zeros((2, 3)), np.zeros((2, 4)), "expected one shape"),
        (np.zeros(3), np.zeros(3), "num_seeds, num_problems"),
        (np.full((2, 3), np.nan), np.zeros((2, 3)), "NaN"),
    ],
)
def test_arms_that_do_not_pair_are_refused(arm: np.ndarray, baseline: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        paired_difference(arm, baseline, seed=0)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == pytest.approx([1, 1])


@pytest.mark.parametrize(("counts", "level"), [((12, 16), 1), ((8, 11), 2), ((5, 7), 3), ((2, 4), 4), ((0, 1), 5)])
def test_levels_of_sixteen_samples(counts: tuple[int, int], level: int) -> None:
    assert [level_of(count, 16) for count in range(counts[0], counts[1] + 1)] == [level] * (counts[1] - counts[0] + 1)


def test_levels_of_other_numbers_of_samples_keep_the_shares() -> None:
    assert [level_of(count, 8) for count in range(9)] == [5, 4, 4, 3, 2, 2, 1, 1, 1]


def test_problems_without_a_level_are_in_no_group() -> None:
    groups = level_indices([2, None, 1, 2])
    assert {level: list(positions) for level, positions in groups.items()} == {1: [2], 2: [0, 3]}


def arms(gain_over_sft: float, gain_over_rl: float) -> dict[str, Any]:
    """Three arms of 3 seeds and 60 problems with noise of 0.1 and the given gains, exactly."""
    noise = np.random.default_rng(3).normal(0, 0.1, (3, 3, 60))
    noise -= noise.mean(axis=(1, 2), keepdims=True)
    return {
        "combination": 0.5 + noise[0],
        "sft": 0.5 - gain_over_sft + noise[1],
        "rl": 0.5 - gain_over_rl + noise[2],
    }


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((0.2, 0.1), SynergyVerdict.POSITIVE),
        ((0.2, -0.1), SynergyVerdict.NEGATIVE),
        ((0.2, 0.0), SynergyVerdict.INCONCLUSIVE),
    ],
)
def test_synergy_is_the_gain_over_the_better_part(gains: tuple[float, float], verdict: SynergyVerdict) -> None:
    found = synergy(**arms(*gains), seed=0, num_draws=2_000)
    assert found.estimate == pytest.approx(min(gains))
    assert found.low < found.estimate < found.high
    assert found.verdict is verdict
    assert not found.is_of_this_run_only


def test_the_bounds_of_synergy_are_the_stated_percentiles() -> None:
    found = synergy(**arms(0.01, 0.0), seed=0, num_draws=1_999)
    differences = (found.over_sft, found.over_rl)
    assert found.low == pytest.approx(min(np.percentile(each.draws, 5) for each in differences))
    assert found.high == pytest.approx(min(np.percentile(each.draws, 97.5) for each in differences))


def error_rates(
    num_studies: int,
    *,
    num_seeds: int,
    num_problems: int = 100,
    rl_gain: float,
    seed_spread: float = 0,
    num_draws: int = 400,
) -> tuple[float, float]:
    """How often studies without synergy are called positive and negative; scores are right or wrong."""
    rng = np.random.default_rng(11)
    verdicts = []
    for study in range(num_studies):
        difficulty = rng.beta(2, 2, num_problems)
        rates = np.stack([difficulty, difficulty, difficulty - rl_gain])[:, None, :]
        rates = rates + rng.normal(0, seed_spread, (3, num_seeds, 1))
        combination, sft, rl = (rng.random((3, num_seeds, num_problems)) < rates).astype(float)
        found = synergy(combination=combination, sft=sft, rl=rl, seed=study, num_draws=num_draws)
        verdicts.append(found.verdict)
    positive, negative = SynergyVerdict.POSITIVE, SynergyVerdict.NEGATIVE
    return verdicts.count(positive) / num_studies, verdicts.count(negative) / num_studies


# The hardest case for a false "positive" is one part equal to the combination and the other far below it, so
# that the verdict rests on one comparison; for a false "negative" it is both parts equal.


@pytest.mark.parametrize("seed_spread", [0.0, 0.15])
@pytest.mark.parametrize("num_seeds", [3, 5])
def test_false_verdicts_are_at_most_five_percent(num_seeds: int, seed_spread: float) -> None:
    limit = 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
    assert error_rates(400, num_seeds=num_seeds, rl_gain=0.5, seed_spread=seed_spread)[0] < limit
    assert error_rates(400, num_seeds=num_seeds, rl_gain=0, seed_spread=seed_spread)[1] < limit


@pytest.mark.slow
@pytest.mark.parametrize("seed_spread", [0.0, 0.01, 0.03, 0.15])
@pytest.mark.parametrize(("num_seeds", "num_problems"), [(3, 100), (5, 100), (3, 1000), (5, 1000)])
def test_false_verdicts_are_at_most_five_percent_in_many_studies(
    num_seeds: int, num_problems: int, seed_spread: float
) -> None:
    limit = 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 2000)
    common: dict[str, Any] = {"num_seeds": num_seeds, "num_problems": num_problems, "seed_spread": seed_spread}
    assert error_rates(2_000, rl_gain=0.5, **common)[0] < limit
    assert error_rates(2_000, rl_gain=0, **common)[1] < limit


@pytest.mark.parametrize("num_seeds", [3, 5])
def test_real_synergy_is_found(num_seeds: int) -> None:
    assert error_rates(60, num_seeds=num_seeds, num_problems=1000, rl_gain=0)[0] < 0.1
    rng = np.random.default_rng(1)
    rates = np.clip(rng.beta(2, 2, 1000) + np.array([0.1, 0, 0])[:, None, None], 0, 1)
    found = [
        synergy(combination=c, sft=s, rl=r, seed=0, num_draws=400).verdict
        for c, s, r in (rng.random((60, 3, num_seeds, 1000)) < rates).astype(float)
    ]
    assert found.count(SynergyVerdict.POSITIVE) > 50
