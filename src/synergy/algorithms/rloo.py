"""RLOO (Ahmadian et al. 2024, 2402.14740): REINFORCE on the whole response, the other attempts as baseline.

A_i = R_i − mean of the other R_j. The response is one action, so the ratio is the product over its tokens.
"""

from collections.abc import Sequence

from synergy.algorithms.baselines import leave_one_out
from synergy.algorithms.groups import step_rewards
from synergy.algorithms.signals import policy_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import RlooConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: RlooConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The reward less the mean of the others' at every sampled token."""
    advantages = [leave_one_out(rewards) for rewards in step_rewards(groups, config, state)]
    return policy_signals(groups, advantages, config, state)
