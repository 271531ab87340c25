"""`rl`: reinforcement learning from the base model (2507.07562, section 2.2)."""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def rl(arm: Arm) -> Sequence[Made]:
    """Stage `rl`. No options."""
    return [Made(stages={"rl": arm.train("rl")})]
