"""Read what an algorithm learns from out of groups: the attempts, and their rewards with penalties taken off."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from synergy.algorithms.kl_penalty import token_kl
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm_sections import OverlongConfig, PolicyGradientSection
from synergy.errors import InputError
from synergy.grading.rewards.overlong import overlong_punishment
from synergy.records import Rollout, RolloutGroup, StopReason


def is_demonstration(rollout: Rollout) -> bool:
    """True for a worked answer; an attempt whose text is empty, as a failed one's may be, stays an attempt."""
    return rollout.is_demonstration and len(rollout.token_ids) > 0


def scored_reward(rollout: Rollout) -> float | None:
    """The reward; None where nothing could decide or the sampler failed, which is not the policy's fault."""
    return None if rollout.stop_reason is StopReason.FAILED else rollout.reward


def learns(rollout: Rollout, config: PolicyGradientSection) -> bool:
    """Whether the attempt may have an advantage: it is scored, and not truncated where those are masked."""
    is_masked = config.mask_truncated and rollout.stop_reason is StopReason.LENGTH
    return scored_reward(rollout) is not None and not is_masked


def step_rewards(
    groups: Sequence[RolloutGroup], config: PolicyGradientSection, state: AlgorithmState
) -> list[Float[np.ndarray, "_"]]:
    """For each group the rewards to learn from: less the penalty for length, and for KL where its place is the reward.

    NaN where unscored. Raises InputError for a demonstration and for fewer attempts than the algorithm compares.
    """
    found = []
    for group in groups:
        _check(group, config)
        found.append(np.array([_penalised(rollout, config, state) for rollout in group.rollouts], dtype=np.float64))
    return found


def _penalised(rollout: Rollout, config: PolicyGradientSection, state: AlgorithmState) -> float:
    reward = scored_reward(rollout)
    if reward is None:
        return np.nan
    if config.overlong is not None:
        reward += overlong_penalty(len(rollout.token_ids) - rollout.num_guided_tokens, config.overlong)
    if config.loss.kl.place == "reward":
        reward -= state.kl_coefficient * float(token_kl(rollout, config.loss.kl).sum())
    return reward


def _check(group: RolloutGroup, config: PolicyGradientSection) -> None:
    name, problem = config.name, group.problem.id
    if any(is_demonstration(rollout) for rollout in group.rollouts):
        raise InputError(
            f"{name} got a demonstration of problem '{problem}'; expected attempts, as sft learns from those"
        )
    if len(group.rollouts) < config.min_group_size:
        raise InputError(
            f"{name} got {len(group.rollouts)} attempt at problem '{problem}'; "
            f"expected at least {config.min_group_size}"
        )


def overlong_penalty(num_tokens: int, config: OverlongConfig) -> float:
    """DAPO's soft overlong punishment of a response, in [−1, 0] (2503.14476)."""
    return overlong_punishment(num_tokens, max_tokens=config.max_tokens, buffer_tokens=config.cache_tokens)
