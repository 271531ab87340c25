"""DAPO (Yu et al. 2025, 2503.14476): GRPO's advantage with four changes, of which two are the loss's.

Clip-higher and the token mean are in its default loss; the loop asks `synergy.algorithms.dynamic_sampling` which
groups to keep; the soft overlong punishment is taken from the reward here, where `overlong` gives its lengths.
"""

from collections.abc import Sequence

from synergy.algorithms.baselines import normalised
from synergy.algorithms.groups import step_rewards
from synergy.algorithms.signals import policy_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import DapoConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: DapoConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The group-normalised, length-penalised reward at every sampled token."""
    advantages = normalised(step_rewards(groups, config, state), config.std, config.std_epsilon)
    return policy_signals(groups, advantages, config, state)
