"""Dynamic sampling (DAPO, 2503.14476) as two questions for the loop that samples.

Ask `keeps_group` of each sampled group, and `wants_another_round` after each round. Groups that are not kept are no
part of the step; what is reported of the sampling (reward, accuracy, lengths) is of all groups, kept or not.
"""

import numpy as np

from synergy.algorithms.baselines import all_equal
from synergy.algorithms.groups import scored_reward
from synergy.config.algorithm_sections import DynamicSamplingConfig
from synergy.records import RolloutGroup


def keeps_group(group: RolloutGroup) -> bool:
    """Whether two scored attempts differ in reward; the paper's "neither all right nor all wrong" for 0/1 rewards."""
    scored = [scored_reward(rollout) for rollout in group.rollouts]
    return not all_equal(np.array([np.nan if reward is None else reward for reward in scored], dtype=np.float64))


def wants_another_round(config: DynamicSamplingConfig, *, num_kept: int, num_wanted: int, num_rounds: int) -> bool:
    """Whether to sample further problems: groups are missing, and `num_rounds` so far is below the limit."""
    return num_kept < num_wanted and num_rounds < config.max_rounds
