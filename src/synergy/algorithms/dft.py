"""Dynamic fine-tuning (Wu et al. 2025, 2508.05629): SFT whose loss weighs each token by sg(p).

The weight needs the current probabilities, so the loss computes it (`loss.nll.token_weight: p`); the signal is SFT's.
"""

from collections.abc import Sequence

from synergy.algorithms.signals import imitation_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import DftConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: DftConfig, state: AlgorithmState) -> list[TokenSignal]:
    """Imitation weight 1 for given tokens."""
    return imitation_signals(config.name, groups)
