"""Interleaved SFT and RL (2507.07562, section 3.1): in one step SFT of problems that failed, GRPO of all others.

Whether a problem has failed is seen from this step's attempts; the source (`synergy.training.interleaved`) has put
its demonstrations behind them. The weight of SFT is `loss.nll.coefficient`; ReLIFT (2506.07527) instead collects such
problems over steps and takes SFT steps of their own.
"""

from collections.abc import Sequence

from synergy.algorithms.mixed_groups import mixed_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.mixing import InterleavedConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: InterleavedConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The group-normalised reward at sampled tokens, imitation weight 1 at those of demonstrations."""
    return mixed_signals(groups, config, state)
