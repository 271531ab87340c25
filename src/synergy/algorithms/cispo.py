"""CISPO (MiniMax-M1, 2506.13585): GRPO's advantage; the clipped ratio is a weight on A · ∇log p.

A pitfall: bounds are written in three ways. Ours are relative, [1 − clip_low, 1 + clip_high], as verl's; TRL clamps the
top alone at the *absolute* `epsilon_high`, so ScaleRL's 5.0 there is clip_high 4.0 here; MiniMax leaves the lower side
open and does not give the upper one, for which our default takes ScaleRL's.
"""

from collections.abc import Sequence

from synergy.algorithms.baselines import normalised
from synergy.algorithms.groups import step_rewards
from synergy.algorithms.signals import policy_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import CispoConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: CispoConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The group-normalised reward at every sampled token."""
    advantages = normalised(step_rewards(groups, config, state), config.std, config.std_epsilon)
    return policy_signals(groups, advantages, config, state)
