"""`progressive`: failed problems are guided by a demonstration's prefix, shorter and shorter (2507.07562, 3.1)."""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def progressive(arm: Arm) -> Sequence[Made]:
    """Stage `progressive`. No options."""
    return [Made(stages={"progressive": arm.train("progressive")})]
