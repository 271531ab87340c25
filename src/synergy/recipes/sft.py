"""`sft`: supervised fine-tuning on demonstrations (2507.07562, section 2.1)."""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def sft(arm: Arm) -> Sequence[Made]:
    """Stage `sft`. Options: own_traces (a stage that samples the base model; what it answers rightly is the data)."""
    sampled = arm.own_traces()
    return [Made(stages={**sampled, "sft": arm.train("sft", data=next(iter(sampled.values()), None))})]
