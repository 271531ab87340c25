"""GRPO (Shao et al. 2024, DeepSeekMath, 2402.03300, section 4.1.2, outcome supervision).

A_i = (R_i − mean) / (std + ε) over the attempts at one problem; each response's token mean weighs the same.
"""

from collections.abc import Sequence

from synergy.algorithms.baselines import normalised
from synergy.algorithms.groups import step_rewards
from synergy.algorithms.signals import policy_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import GrpoConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: GrpoConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The group-normalised reward at every sampled token."""
    advantages = normalised(step_rewards(groups, config, state), config.std, config.std_epsilon)
    return policy_signals(groups, advantages, config, state)
