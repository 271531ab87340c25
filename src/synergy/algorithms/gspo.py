"""GSPO (Zheng et al. 2025, 2507.18071): GRPO's advantage; ratio and clip of the whole sequence.

s_i = exp(mean over tokens of log r), in the token form s_t = sg(s_i) · p_t / sg(p_t) (GSPO-token), whose gradient is
that of s_i and which allows an advantage per token.
"""

from collections.abc import Sequence

from synergy.algorithms.baselines import normalised
from synergy.algorithms.groups import step_rewards
from synergy.algorithms.signals import policy_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import GspoConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: GspoConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The group-normalised reward at every sampled token."""
    advantages = normalised(step_rewards(groups, config, state), config.std, config.std_epsilon)
    return policy_signals(groups, advantages, config, state)
