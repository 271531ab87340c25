"""REINFORCE++ (Hu et al. 2025, 2501.03262): PPO's clip without a critic, advantages normalised over the whole step.

Each token's return is the response's reward (less the KL to come where `loss.kl.place` is `return`, the paper's way);
with `baseline: group` less the group's mean too. Then all tokens of the step are brought to mean 0 and variance 1.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from synergy.algorithms.baselines import centred
from synergy.algorithms.groups import learns, step_rewards
from synergy.algorithms.signals import policy_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import ReinforcePpConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: ReinforcePpConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The whitened return at every sampled token of the scored attempts."""
    rewards = step_rewards(groups, config, state)
    returns = [centred(group) for group in rewards] if config.baseline == "group" else rewards
    return _whitened(policy_signals(groups, returns, config, state), config)


def _whitened(signals: list[TokenSignal], config: ReinforcePpConfig) -> list[TokenSignal]:
    """(A − mean) / √(variance (n − 1) + ε) over the sampled tokens of attempts that may learn; others stay at 0."""
    masks = [(signal.policy_gradient_weight != 0) & learns(signal.rollout, config) for signal in signals]
    tokens = np.concatenate([signal.advantage[mask] for signal, mask in zip(signals, masks, strict=True)], dtype=float)
    if len(tokens) < 2:
        return [replace(signal, advantage=np.zeros_like(signal.advantage)) for signal in signals]
    mean, scale = tokens.mean(), np.sqrt(tokens.var(ddof=1) + config.whiten_epsilon)
    return [
        replace(signal, advantage=np.where(mask, (signal.advantage - mean) / scale, 0).astype(np.float32))
        for signal, mask in zip(signals, masks, strict=True)
    ]
