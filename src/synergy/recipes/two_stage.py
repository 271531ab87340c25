"""`two_stage`: SFT, then RL from its model (2507.07562, section 3.1).

The paper starts from the best SFT checkpoint and gives the second stage a longer response limit, 16k instead of 4k.
"""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def two_stage(arm: Arm) -> Sequence[Made]:
    """Stages `sft`, then `two_stage_rl`. The SFT step is the one of arm `sft` where their settings are equal.

    Options: own_traces, as of `sft`; RL sees all problems, whatever SFT saw.
    """
    sampled = arm.own_traces()
    first = arm.train("sft", data=next(iter(sampled.values()), None))
    return [Made(stages={**sampled, "sft": first, "two_stage_rl": arm.train("two_stage_rl", model=first)})]
