"""Dr. GRPO (Liu et al. 2025, 2503.20783): A_i = R_i − mean, and no division by a response's own length.

Dividing by the standard deviation favours problems that are nearly always or never solved; dividing by length favours
short right answers and long wrong ones. The loss divides by sequences × the limit on response tokens instead.
"""

from collections.abc import Sequence

from synergy.algorithms.baselines import centred
from synergy.algorithms.groups import step_rewards
from synergy.algorithms.signals import policy_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import DrGrpoConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: DrGrpoConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The reward less the group's mean at every sampled token."""
    advantages = [centred(rewards) for rewards in step_rewards(groups, config, state)]
    return policy_signals(groups, advantages, config, state)
