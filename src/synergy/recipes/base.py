"""`base`: no training; what all gains are measured against."""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def base(arm: Arm) -> Sequence[Made]:
    """The study's base model as it is. No options, no stages."""
    del arm
    return [Made(stages={})]
