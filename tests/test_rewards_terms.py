"""Every term of a reward by hand-computed numbers, gates, and what the parts add up to."""

import math
from typing import Any

import numpy as np
import pytest
from rewards_cases import FIRST_STUDY, again, attempted, problem, rewarded, said
from trl.rewards import get_repetition_penalty_reward, get_soft_overlong_punishment

from synergy.config.reward import RewardConfig
from synergy.config.reward_shaping import CosineConfig, OverlongRewardConfig, RepetitionConfig
from synergy.grading.rewards.compute import Rewards, compute_rewards
from synergy.grading.rewards.cosine import cosine_reward
from synergy.grading.rewards.overlong import overlong_punishment
from synergy.grading.rewards.repetition import repeated_fraction
from synergy.prompts import BOXED
from synergy.records import StopReason

DIGIT = problem("digit", "3")


# ---- accuracy and format


def test_the_first_studys_sum():
    texts = [said("3", BOXED), said("4", BOXED), "\\boxed{3}", "\\boxed{4}"]
    found = rewarded(FIRST_STUDY, DIGIT, *texts, preset=BOXED)
    assert [each.reward for each in found] == pytest.approx([1.0, 0.1, 0.9, 0.0])
    assert [each.reward_parts for each in found] == [
        {"accuracy": 0.9, "format": 0.1},
        {"accuracy": 0.0, "format": 0.1},
        {"accuracy": 0.9, "format": 0.0},
        {"accuracy": 0.0, "format": 0.0},
    ]


def test_the_value_of_a_box_is_its_iou():
    asked = problem("box", "[0.1, 0.2, 0.7, 0.5]")  # 0.6 × 0.3
    texts = [said(f"[0.1, 0.2, {right}, 0.5]") for right in ("0.7", "0.4", "0.2")]
    found = rewarded(RewardConfig(), asked, *texts)
    assert [each.reward for each in found] == pytest.approx([1.0, 0.5, 1 / 6])


def test_the_value_of_a_jigsaw_is_its_share_of_hits():
    asked = problem("permutation", "2, 1, 4, 3")
    found = rewarded(RewardConfig(), asked, said("2, 1, 4, 3"), said("2, 1, 3, 4"), said("1, 2, 3, 4"), said("2, 1"))
    assert [each.reward for each in found] == [1.0, 0.5, 0.0, 0.5]


def test_the_jigsaw_reward_of_2506_23508():
    config = RewardConfig(accuracy=1.0, exact=1.0, format=1.0)
    asked = problem("permutation", "2, 1, 4, 3")
    found = rewarded(config, asked, said("2, 1, 4, 3"), said("2, 1, 3, 4"), "2, 1, 3, 4")
    assert [each.reward for each in found] == [3.0, 1.5, 0.0]
    assert found[1].reward_parts == {"accuracy": 0.5, "exact": 0.0, "format": 1.0}
    assert "exact" not in RewardConfig().model_dump(mode="json"), "older steps keep their keys"


def test_weight_0_leaves_a_term_out():
    (found,) = rewarded(RewardConfig(accuracy=0.0, format=2.0), DIGIT, said("4"))
    assert found.reward == 2.0
    assert found.reward_parts == {"format": 2.0}


def test_what_could_not_be_scored_has_no_reward():
    (bad_gold,) = rewarded(RewardConfig(format=1.0), problem("digit", "many"), said("3"))
    (failed,) = rewarded(RewardConfig(format=1.0), DIGIT, said("3"), stop_reason=StopReason.FAILED)
    for each in (bad_gold, failed):
        assert each.reward is None
        assert each.reward_parts == {}


def test_an_ungraded_attempt_has_no_reward():
    (found,) = compute_rewards([attempted(DIGIT, said("3"))], Rewards(config=RewardConfig()), BOXED)
    assert found.rollouts[0].reward is None


# ---- lengths and repetition


@pytest.mark.parametrize(("num", "value"), [(0, 0), (80, 0), (85, -0.25), (90, -0.5), (100, -1), (150, -1)])
def test_soft_overlong_punishment(num: int, value: float):
    assert overlong_punishment(num, max_tokens=100, buffer_tokens=20) == pytest.approx(value)
    assert get_soft_overlong_punishment(100, 20)([[0] * num]) == pytest.approx([value])
    config = RewardConfig(overlong=OverlongRewardConfig(max_tokens=100, buffer_tokens=20, weight=0.5))
    (found,) = rewarded(config, DIGIT, said("3"), num_tokens=num)
    assert found.reward == pytest.approx(1 + 0.5 * value)


@pytest.mark.parametrize(
    ("num", "correct", "value"),
    [(0, True, 2), (50, True, 1.5), (100, True, 1), (0, False, -10), (50, False, -5), (100, False, 0)],
)
def test_cosine_reward(num: int, correct: bool, value: float):
    config = CosineConfig(max_tokens=100)
    assert cosine_reward(num, config, correct=correct, truncated=False) == pytest.approx(value)


def test_cosine_reward_between_and_beyond():
    config = CosineConfig(max_tokens=90, max_correct=1.0, min_correct=0.5, min_wrong=-1.0, max_wrong=0.0, exceeded=-3.0)
    # a third of the way the wave has fallen by (1 − cos 60°)/2 = 1/4
    assert cosine_reward(30, config, correct=True, truncated=False) == pytest.approx(0.875)
    assert cosine_reward(30, config, correct=False, truncated=False) == pytest.approx(-0.75)
    assert cosine_reward(91, config, correct=True, truncated=False) == -3.0
    assert cosine_reward(90, config, correct=True, truncated=True) == -3.0
    assert cosine_reward(80, config, correct=True, truncated=True) > 0


def test_cosine_in_place_of_accuracy():
    config = RewardConfig(accuracy=0.0, cosine=CosineConfig(max_tokens=8))
    found = rewarded(config, DIGIT, said("3"), said("4"), num_tokens=4)
    assert [each.reward_parts for each in found] == [{"cosine": pytest.approx(1.5)}, {"cosine": pytest.approx(-5.0)}]


@pytest.mark.parametrize(
    ("ids", "n", "fraction"),
    [([1, 2, 1, 2, 1], 2, 0.5), ([1, 2, 3, 4], 2, 0), ([5] * 5, 2, 0.75), ([5] * 5, 1, 0.8), ([1], 2, 0), ([], 1, 0)],
)
def test_repetition(ids: list[int], n: int, fraction: float):
    assert repeated_fraction(ids, n) == pytest.approx(fraction)
    assert get_repetition_penalty_reward(n, -1.0)([ids]) == pytest.approx([-fraction])
    config = RewardConfig(repetition=RepetitionConfig(n=n, max_penalty=0.4))
    (found,) = rewarded(config, DIGIT, said("3"), token_ids=np.array(ids, dtype=np.int64))
    assert found.reward == pytest.approx(1 - 0.4 * fraction)
    assert found.reward_parts == pytest.approx({"accuracy": 1.0, "repetition": -0.4 * fraction})


# ---- gates


def test_the_implicit_format_gate():
    config = RewardConfig(format=0.5, gate="answer")
    found = rewarded(config, DIGIT, said("4"), "<answer> 3 </answer>", "3", "\\boxed{3}", "<think> hm")
    assert [each.reward for each in found] == [0.5, 1.0, 0.0, 0.0, 0.0]
    assert ["gate" in each.reward_parts for each in found] == [False, False, True, True, True]


def test_the_format_gate():
    found = rewarded(RewardConfig(gate="format"), DIGIT, said("3"), "<answer> 3 </answer>", said("4"))
    assert [each.reward for each in found] == [1.0, 0.0, 0.0]
    assert found[1].reward_parts == {"accuracy": 1.0, "gate": -1.0}


def test_a_closed_gate_leaves_penalties():
    """Or else leaving the answer out would be a way around them."""
    overlong = OverlongRewardConfig(max_tokens=8, buffer_tokens=8)
    config = RewardConfig(format=1.0, gate="answer", overlong=overlong)
    silent, wrong = rewarded(config, DIGIT, "", said("4"), num_tokens=6)
    assert silent.reward == pytest.approx(-0.75)
    assert wrong.reward == pytest.approx(0.25)


def test_parts_add_up_to_the_reward():
    config: dict[str, Any] = {
        "accuracy": 0.7,
        "format": 0.3,
        "overlong": OverlongRewardConfig(max_tokens=10, buffer_tokens=10),
        "cosine": CosineConfig(max_tokens=9),
        "repetition": RepetitionConfig(n=1),
    }
    ids = np.array([1, 1, 2, 3, 4])
    open_ = rewarded(RewardConfig(**config), DIGIT, said("3"), said("4"), "", token_ids=ids)
    gated = again(open_, DIGIT, RewardConfig(**config, gate="answer"))
    for each in (*open_, *gated):
        assert each.reward is not None
        assert math.fsum(each.reward_parts.values()) == pytest.approx(each.reward)
        assert set(each.reward_parts) >= {"accuracy", "format", "overlong", "cosine", "repetition"}
    assert gated[0].reward_parts == open_[0].reward_parts
    assert gated[2].reward_parts["gate"] == 0.0  # nothing was earned that it could take


def test_equal_rewards_behind_the_gate_are_exactly_equal():
    config = RewardConfig(accuracy=0.7, format=0.1, gate="format")
    found = rewarded(config, DIGIT, "<answer> 3 </answer>", "", "<answer> 4 </answer>")
    assert {each.reward for each in found} == {0.0}
