"""Progressive (2507.07562, section 3.1): the policy goes on from a beginning of the trace, shorter and shorter.

A problem that failed is attempted again behind such a beginning, which the source (`synergy.training.guided`) has put
between its attempts and the guided ones. The beginning is imitated, once for the problem; what the policy adds has the
advantage within the guided attempts.
"""

import math
from collections.abc import Sequence

from synergy.algorithms.mixed_groups import mixed_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.mixing import GuidanceConfig, ProgressiveConfig
from synergy.records import RolloutGroup, TokenSignal


def annotate(groups: Sequence[RolloutGroup], config: ProgressiveConfig, state: AlgorithmState) -> list[TokenSignal]:
    """The group-normalised reward at sampled tokens, imitation weight 1 at those that were given."""
    return mixed_signals(groups, config, state, kl_on_given=config.kl_on_prefix)


def given_fraction(config: GuidanceConfig, *, step: int, num_steps: int) -> float:
    """The share of a trace's tokens that is given in the step after `step` of the run's `num_steps`."""
    progress = step / num_steps
    if progress < config.start_until:
        return config.start
    if progress >= config.end_from:
        return config.end
    way = (progress - config.start_until) / (config.end_from - config.start_until)  # in [0, 1)
    match config.shape:
        case "linear":
            left = 1 - way
        case "cosine":
            left = (1 + math.cos(math.pi * way)) / 2
        case "stairs":
            left = 1 - (math.floor(way * config.num_stairs) + 1) / (config.num_stairs + 1)
    return config.end + (config.start - config.end) * left


def num_given_tokens(fraction: float, num_tokens: int) -> int:
    """How many of a demonstration's tokens that is, to the nearest one."""
    return round(fraction * num_tokens)
