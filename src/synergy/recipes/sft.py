"""`sft`: supervised fine-tuning on demonstrations (2507.07562, section 2.1)."""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def sft(arm: Arm) -> Sequence[Made]:
    """Stage `sft`. No options."""
    return [Made(stages={"sft": arm.train("sft")})]
