"""What algorithms say about tokens, against numbers worked out by hand, and their configs."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attempts import attempt, demonstration, group, rewarded
from hypothesis import given
from hypothesis import strategies as st

from synergy.algorithms.baselines import centred, leave_one_out
from synergy.algorithms.dynamic_sampling import keeps_group, wants_another_round
from synergy.algorithms.groups import overlong_penalty
from synergy.algorithms.registry import annotate, check_group_size, needs
from synergy.algorithms.signals import is_zero_signal
from synergy.algorithms.state import AlgorithmState, initial_state, next_state
from synergy.config.algorithm import (
    AlgorithmConfig,
    CispoConfig,
    DapoConfig,
    DftConfig,
    DrGrpoConfig,
    GrpoConfig,
    GspoConfig,
    ReinforcePpConfig,
    RlooConfig,
    SftConfig,
    preset,
)
from synergy.config.algorithm_sections import DynamicSamplingConfig, OverlongConfig
from synergy.config.base import Config
from synergy.config.load import load
from synergy.config.loss import KlConfig, KlControllerConfig, LossConfig, MismatchConfig, NormaliserConfig
from synergy.config.presets import PRESETS
from synergy.config.resolve import resolved
from synergy.errors import InputError
from synergy.records import RolloutGroup, StopReason

STATE = AlgorithmState(kl_coefficient=0.0)
OUT_OF_GROUPS = (GrpoConfig(), DapoConfig(), GspoConfig(), CispoConfig())


def first_advantages(config: AlgorithmConfig, *groups: RolloutGroup, state: AlgorithmState = STATE) -> list[float]:
    """The advantage of each attempt's first sampled token."""
    signals = annotate(groups, config, state)
    return [float(signal.advantage[signal.rollout.num_guided_tokens]) for signal in signals]


def with_kl(place: str, estimator: str = "k1") -> LossConfig:
    return LossConfig(kl=KlConfig.model_validate({"place": place, "estimator": estimator, "coefficient": 0.1}))


# Rewards 1, 0, 0: mean 1/3, deviations 2/3, -1/3, -1/3, variance (4 + 1 + 1)/9 / 2 = 1/3.


@pytest.mark.parametrize("config", OUT_OF_GROUPS)
def test_grpo_divides_by_the_groups_standard_deviation(config: AlgorithmConfig) -> None:
    advantages = first_advantages(config, rewarded([1, 0, 0]), rewarded([10, 0]))
    root = math.sqrt(3)
    assert advantages == pytest.approx([2 / root, -1 / root, -1 / root, math.sqrt(0.5), -math.sqrt(0.5)], abs=1e-5)


def test_the_epsilon_is_added_to_the_standard_deviation() -> None:
    assert first_advantages(GrpoConfig(std_epsilon=math.sqrt(1 / 2)), rewarded([1, 0])) == pytest.approx(
        [0.5 / math.sqrt(2), -0.5 / math.sqrt(2)]
    )


def test_batch_standard_deviation_is_of_all_rewards() -> None:
    # Rewards 1, 0 and 3, 0: mean 1, variance (0 + 1 + 4 + 1) / 3 = 2.
    advantages = first_advantages(GrpoConfig(std="batch"), rewarded([1, 0]), rewarded([3, 0]))
    assert advantages == pytest.approx([x / math.sqrt(2) for x in (0.5, -0.5, 1.5, -1.5)], abs=1e-5)


@pytest.mark.parametrize("config", [DrGrpoConfig(), GrpoConfig(std="none")])
def test_dr_grpo_takes_the_mean_alone(config: AlgorithmConfig) -> None:
    assert first_advantages(config, rewarded([1, 0, 0])) == pytest.approx([2 / 3, -1 / 3, -1 / 3])


def test_rloo_takes_the_mean_of_the_others() -> None:
    assert first_advantages(RlooConfig(), rewarded([1, 0, 0])) == pytest.approx([1, -1 / 2, -1 / 2])
    assert first_advantages(RlooConfig(), rewarded([4, 1, 0])) == pytest.approx([3.5, -1, -2.5])


def test_reinforce_pp_whitens_tokens_not_sequences() -> None:
    # Tokens 1 | 0 0 0: mean 1/4, variance (9 + 1 + 1 + 1)/16 / 3 = 1/4.
    signals = annotate([group(attempt(1, 1.0), attempt(3, 0.0))], ReinforcePpConfig(), STATE)
    assert np.concatenate([signal.advantage for signal in signals]) == pytest.approx([1.5, -0.5, -0.5, -0.5])


def test_reinforce_pp_baseline_takes_each_groups_mean_first() -> None:
    # 1, 0 and 5, 5 become ±1/2 and 0, 0: mean 0, variance (1/4 + 1/4) / 3 = 1/6.
    advantages = first_advantages(ReinforcePpConfig(baseline="group"), rewarded([1, 0]), rewarded([5, 5]))
    assert advantages == pytest.approx([math.sqrt(1.5), -math.sqrt(1.5), 0, 0], abs=1e-6)
    without = first_advantages(ReinforcePpConfig(), rewarded([1, 0]), rewarded([5, 5]))
    assert without == pytest.approx([x / math.sqrt(83 / 12) for x in (-7 / 4, -11 / 4, 9 / 4, 9 / 4)])


def test_reinforce_pp_of_a_single_token_has_nothing_to_compare() -> None:
    assert first_advantages(ReinforcePpConfig(), rewarded([1])) == [0]


def scored(reward: float, policy: list[float], reference: list[float], **fields: Any) -> Any:
    return attempt(len(policy), reward, policy_logprobs=policy, reference_logprobs=reference, **fields)


def test_kl_in_the_reward_is_taken_off_before_the_baseline() -> None:
    # KL sums 0.3 and -0.1 at β = 0.1: rewards 0.97 and 0.01.
    pair = group(scored(1.0, [-1, -1], [-1.1, -1.2]), scored(0.0, [-1.0], [-0.9]))
    config = RlooConfig(loss=RlooConfig().loss.model_copy(update={"kl": with_kl("reward").kl}))
    assert first_advantages(config, pair, state=initial_state(config.loss.kl)) == pytest.approx([0.96, -0.96])


def test_kl_in_the_return_is_that_of_the_token_and_all_later_ones() -> None:
    # k1 0.1, 0.2 of the first attempt, 0 of the second; A = ±1/2 without standard deviation.
    pair = group(scored(1.0, [-1, -1], [-1.1, -1.2]), scored(0.0, [-1], [-1]))
    config = DrGrpoConfig(loss=with_kl("return"))
    signals = annotate([pair], config, initial_state(config.loss.kl))
    assert signals[0].advantage == pytest.approx([0.5 - 0.03, 0.5 - 0.02])
    assert signals[1].advantage == pytest.approx([-0.5])


def test_reinforce_pp_whitens_after_the_kl() -> None:
    # Returns 0.7, 0.8 | 0 at β = 1: mean 0.5, variance (0.04 + 0.09 + 0.25) / 2 = 0.19.
    pair = group(scored(1.0, [-1, -1], [-1.1, -1.2]), scored(0.0, [-1], [-1]))
    signals = annotate([pair], ReinforcePpConfig(loss=with_kl("return")), AlgorithmState(kl_coefficient=1.0))
    found = np.concatenate([signal.advantage for signal in signals])
    assert found == pytest.approx([x / math.sqrt(0.19) for x in (0.2, 0.3, -0.5)], rel=1e-4)


@pytest.mark.parametrize(("estimator", "value"), [("k1", -0.5), ("k2", 0.125), ("k3", math.exp(0.5) - 1.5)])
def test_kl_estimators_in_the_reward(estimator: str, value: float) -> None:
    loss = with_kl("reward", estimator)
    pair = group(scored(1.0, [-1.0], [-0.5]), scored(0.0, [-1], [-1]))
    advantages = first_advantages(DrGrpoConfig(loss=loss), pair, state=AlgorithmState(kl_coefficient=1.0))
    assert advantages[0] == pytest.approx((1 - value) / 2)


def test_kl_and_advantage_are_not_of_given_tokens() -> None:
    pair = group(scored(1.0, [-1, -1], [-9, -1.2], num_guided_tokens=1), scored(0.0, [-1], [-1]))
    config = DrGrpoConfig(loss=with_kl("reward"))
    signals = annotate([pair], config, initial_state(config.loss.kl))
    assert signals[0].advantage == pytest.approx([0, 0.49])
    assert list(signals[0].policy_gradient_weight) == [0, 1]
    in_loss = annotate([pair], DrGrpoConfig(loss=with_kl("loss")), STATE)
    assert [list(signal.kl_weight) for signal in in_loss] == [[0, 1], [1]]
    assert not any(signal.kl_weight.any() for signal in signals)


def test_kl_without_scores_is_refused() -> None:
    with pytest.raises(InputError, match=r"attempt 0 at problem 'p' has no log-probs .* loss.kl.place is reward"):
        annotate([rewarded([1, 0])], DrGrpoConfig(loss=with_kl("reward")), STATE)


def test_unscored_and_failed_attempts_keep_their_tokens_and_touch_no_statistic() -> None:
    failed = attempt(2, 1.0, stop_reason=StopReason.FAILED)
    found = annotate([group(attempt(1, 1.0), attempt(1, 0.0), attempt(2), failed)], RlooConfig(), STATE)
    assert [list(signal.advantage) for signal in found] == [[1], [-1], [0, 0], [0, 0]]
    assert [signal.policy_gradient_weight.sum() for signal in found] == [1, 1, 2, 2]
    assert [is_zero_signal(signal) for signal in found] == [False, False, True, True]
    whitened = annotate([group(attempt(1, 1.0), attempt(1, 0.0), attempt(2), failed)], ReinforcePpConfig(), STATE)
    assert [signal.advantage[0] for signal in whitened] == pytest.approx([math.sqrt(0.5), -math.sqrt(0.5), 0, 0])


def test_a_failed_attempt_may_be_empty() -> None:
    empty = attempt(0, stop_reason=StopReason.FAILED)
    signals = annotate([group(attempt(1, 1.0), attempt(1, 0.0), empty)], GrpoConfig(), STATE)
    assert len(signals[2].advantage) == 0
    assert is_zero_signal(signals[2])


def test_truncated_attempts_can_be_masked_and_stay_in_the_baseline() -> None:
    cut = attempt(1, 1.0, stop_reason=StopReason.LENGTH)
    groups = [group(attempt(1, 0.0), cut)]
    assert first_advantages(DrGrpoConfig(), *groups) == [-0.5, 0.5]
    assert first_advantages(DrGrpoConfig(mask_truncated=True), *groups) == [-0.5, 0]
    assert annotate(groups, DrGrpoConfig(mask_truncated=True), STATE)[1].policy_gradient_weight == [1]


@pytest.mark.parametrize("config", [*OUT_OF_GROUPS, DrGrpoConfig(), RlooConfig(), GrpoConfig(std="batch")])
@pytest.mark.parametrize("rewards", [[0.1, 0.1, 0.1], [1, None], [None, None]])
def test_groups_without_a_difference_are_exactly_zero(config: AlgorithmConfig, rewards: list[float | None]) -> None:
    signals = annotate([rewarded(rewards)], config, STATE)
    assert all(is_zero_signal(signal) for signal in signals)
    assert all(signal.policy_gradient_weight.all() for signal in signals)


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e3, 1e3).map(lambda x: round(x, 3))), min_size=2, max_size=8),
    st.floats(-100, 100),
)
def test_advantages_sum_to_zero_and_ignore_a_shift(rewards: list[float | None], shift: float) -> None:
    array = np.array([np.nan if reward is None else reward for reward in rewards])
    for of in (centred, leave_one_out):
        assert of(array).sum() == pytest.approx(0, abs=1e-8)
        assert of(array + shift) == pytest.approx(of(array), abs=1e-8)
        assert not np.isnan(of(array)).any()


def test_sft_imitates_given_tokens_alone() -> None:
    guided = attempt(3, num_guided_tokens=2)
    for config in (SftConfig(), DftConfig()):
        signals = annotate([group(demonstration(2)), group(guided)], config, STATE)
        assert [list(signal.nll_weight) for signal in signals] == [[1, 1], [1, 1, 0]]
        assert not any(signal.policy_gradient_weight.any() or signal.kl_weight.any() for signal in signals)
        assert not any(is_zero_signal(signal) for signal in signals)
    assert (SftConfig().loss.nll.token_weight, DftConfig().loss.nll.token_weight) == ("one", "p")


def test_algorithms_refuse_what_they_do_not_learn_from() -> None:
    with pytest.raises(InputError, match="sft got attempt 0 at problem 'p', which has no given tokens"):
        annotate([rewarded([1])], SftConfig(), STATE)
    with pytest.raises(InputError, match="grpo got a demonstration of problem 'p'"):
        annotate([group(demonstration(2), attempt(1, 1.0))], GrpoConfig(), STATE)


@pytest.mark.parametrize("config", [*OUT_OF_GROUPS, DrGrpoConfig(), RlooConfig(), ReinforcePpConfig(baseline="group")])
def test_a_group_of_one_is_refused_where_attempts_are_compared(config: AlgorithmConfig) -> None:
    with pytest.raises(
        InputError, match=f"{config.name} compares attempts .* there is 1 per problem; expected at least 2"
    ):
        check_group_size(config, 1)
    with pytest.raises(InputError, match="got 1 attempt at problem 'p'; expected at least 2"):
        annotate([rewarded([1])], config, STATE)
    check_group_size(config, 2)


def test_a_group_of_one_is_enough_elsewhere() -> None:
    for config in (SftConfig(), DftConfig(), ReinforcePpConfig()):
        check_group_size(config, 1)


def test_needs_are_only_what_is_used() -> None:
    def of(config: AlgorithmConfig, updates_per_sampling: int = 1) -> tuple[bool, bool, bool]:
        found = needs(config, updates_per_sampling=updates_per_sampling)
        return found.policy_logprobs, found.reference_logprobs, found.sampler_logprobs

    assert of(SftConfig(), 4) == (False, False, False)
    assert of(GrpoConfig()) == (False, False, False)
    assert of(GrpoConfig(), 2) == (True, False, False)
    assert of(GrpoConfig(loss=with_kl("loss"))) == (False, True, False)
    assert of(GrpoConfig(loss=with_kl("reward"))) == (True, True, False)
    assert of(GrpoConfig(loss=with_kl("return"))) == (True, True, False)
    assert of(GrpoConfig(loss=LossConfig(mismatch=MismatchConfig(mode="mask", high=2.0)))) == (False, False, True)


def test_the_soft_overlong_penalty_by_hand() -> None:
    config = OverlongConfig(max_tokens=100, cache_tokens=20)
    assert [overlong_penalty(n, config) for n in (0, 80, 85, 100, 500)] == [0, 0, -0.25, -1, -1]
    long, short = attempt(90, 1.0), attempt(10, 0.0)
    dapo = DapoConfig(overlong=config, std="none")
    assert first_advantages(dapo, group(long, short)) == pytest.approx([0.25, -0.25])


def test_dynamic_sampling_keeps_groups_that_differ_and_gives_up() -> None:
    assert keeps_group(rewarded([1, 0, 1]))
    assert not any(keeps_group(rewarded(rewards)) for rewards in ([1, 1], [0, 0], [1, None], [None]))
    assert not keeps_group(group(attempt(1, 1.0), attempt(1, 0.0, stop_reason=StopReason.FAILED)))
    config = DynamicSamplingConfig(max_rounds=3)
    answers = [wants_another_round(config, num_kept=7, num_wanted=8, num_rounds=n) for n in (1, 2, 3, 4)]
    assert answers == [True, True, False, False]
    assert not wants_another_round(config, num_kept=8, num_wanted=8, num_rounds=1)


def test_the_kl_controller_by_hand() -> None:
    kl = KlConfig(place="loss", coefficient=0.2, controller=KlControllerConfig(target=0.5, horizon=100.0))
    state = initial_state(kl)
    # 10 % above the target: 0.2 · (1 + 0.1 · 50/100); far off counts as 20 %.
    assert next_state(state, kl, mean_kl=0.55, num_rollouts=50).kl_coefficient == pytest.approx(0.21)
    assert next_state(state, kl, mean_kl=9.0, num_rollouts=50).kl_coefficient == pytest.approx(0.22)
    assert next_state(state, kl, mean_kl=-1.0, num_rollouts=50).kl_coefficient == pytest.approx(0.18)
    fixed = KlConfig(place="loss", coefficient=0.2)
    assert next_state(state, fixed, mean_kl=9.0, num_rollouts=50) == state


# Configs


class Document(Config):
    """A run's config, as far as it matters here."""

    algorithm: AlgorithmConfig
    """the algorithm"""


def parse(tmp_path: Path, text: str, *overrides: str) -> AlgorithmConfig:
    file = tmp_path / "run.yaml"
    file.write_text(f"algorithm: {text}\n")
    return load(file, Document, overrides).algorithm


def test_values_of_a_loss_are_laid_over_the_algorithms_own(tmp_path: Path) -> None:
    default = GspoConfig().loss
    found = parse(tmp_path, "{name: gspo, loss: {clip_high: 0.28, kl: {place: loss, coefficient: 0.1}}}").loss
    assert found == default.model_copy(update={"clip_high": 0.28, "kl": KlConfig(place="loss", coefficient=0.1)})
    assert parse(tmp_path, "{name: gspo}").loss == default


def test_values_are_laid_over_a_preset(tmp_path: Path) -> None:
    text = "{preset: easyr1_grpo, std: none, loss: {kl: {coefficient: 0.5}}}"
    found = parse(tmp_path, text, "algorithm.loss.clip_low=0.1")
    expected = preset("easyr1_grpo")
    assert isinstance(found, GrpoConfig)
    assert (found.std, found.loss.clip_low, found.loss.kl.coefficient) == ("none", 0.1, 0.5)
    assert (found.loss.kl.place, found.loss.clip_high) == (expected.loss.kl.place, 0.3)


@pytest.mark.parametrize("name", PRESETS)
def test_a_resolved_config_is_itself(name: str, tmp_path: Path) -> None:
    config = preset(name)
    (tmp_path / "config.json").write_text(json.dumps({"algorithm": resolved(config)}))
    assert load(tmp_path / "config.json", Document).algorithm == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{name: gppo}", r"'algorithm.name' is 'gppo' \(did you mean 'g[rs]po'\?\); expected one of: 'sft'"),
        ("{preset: trl_grp}", r"'algorithm': unknown preset 'trl_grp' \(did you mean 'trl_grpo'\?\); expected one of:"),
        ("{preset: [a]}", "'algorithm': unknown preset"),
        ("{preset: trl_grpo, name: dapo}", "name dapo with preset trl_grpo, which is of grpo; leave name out"),
        ("{name: grpo, loss: {clip_hi: 1}}", r"unknown key 'algorithm.loss.clip_hi' \(did you mean 'clip_high'"),
        ("{name: grpo, baseline: group}", "unknown key 'algorithm.baseline'"),
        ("{name: sft, loss: {kl: {place: loss}}}", "sft with loss.kl.place loss; expected none"),
        ("{name: grpo, loss: {kl: {coefficient: 0.1}}}", "coefficient 0.1 with place none; expected place loss"),
        (
            "{name: grpo, loss: {kl: {place: reward, estimator: k3+}}}",
            r"estimator k3\+ differs .* expected k1, k2 or k3",
        ),
        ("{name: grpo, loss: {mismatch: {mode: mask}}}", "mode mask without low and high; expected at least one"),
        ("{name: grpo, loss: {mismatch: {low: 2.0, high: 1.0}}}", "low 2.0 with high 1.0; expected low below high"),
        ("{name: grpo, loss: {clip_dual: 1.1}}", r"clip_dual 1.1 with clip_high 0.2; expected above 1 \+ clip_high"),
        ("{name: cispo, loss: {clip_dual: 9.0}}", "clip_dual 9.0 with form cispo; expected form clip"),
        ("{name: grpo, loss: {clip_low: 1.5}}", "clip_low 1.5; expected at most 1"),
        ("{name: grpo, loss: {form: gmpo}}", "form gmpo with ratio_level token; expected ratio_level sequence"),
        ("{name: rloo, loss: {normaliser: {kind: token_mean}}}", "sequence_product with normaliser token_mean"),
        ("{name: grpo, loss: {normaliser: {length_tokens: 5}}}", "length_tokens 5 with kind sequence_mean"),
        ("{name: dapo, overlong: {max_tokens: 5, cache_tokens: 9}}", "cache_tokens 9; expected at most max_tokens 5"),
        (
            "{name: grpo, loss: {kl: {controller: {target: 0.1, horizon: 10}}}}",
            "a controller without a KL to control",
        ),
    ],
)
def test_a_wrong_section_gets_one_clear_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as error:
        parse(tmp_path, text)
    assert "\n" not in str(error.value)


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(InputError, match="did you mean 'verl_grpo'"):
        preset("verl_gpo")


def test_what_moves_zero_signals() -> None:
    assert not GrpoConfig().loss.moves_zero_signals
    assert with_kl("loss").moves_zero_signals
    assert not with_kl("reward").moves_zero_signals
    assert LossConfig.model_validate({"entropy": {"coefficient": 0.01}}).moves_zero_signals


def test_dr_grpo_divides_by_a_fixed_length() -> None:
    assert DrGrpoConfig().loss.normaliser == NormaliserConfig(kind="fixed_length")


def test_algorithms_and_their_configs_import_no_torch() -> None:
    code = "import sys; import synergy.algorithms.registry; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
