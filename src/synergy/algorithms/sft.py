"""Supervised fine-tuning: every given token counts alike, −log p over all tokens of the step."""

from collections.abc import Sequence

from synergy.algorithms.signals import imitation_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import SftConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: SftConfig, state: AlgorithmState) -> list[TokenSignal]:
    """Imitation weight 1 for given tokens."""
    return imitation_signals(config.name, groups)
