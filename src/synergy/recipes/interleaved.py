"""`interleaved`: in each step SFT on problems whose attempts all failed, RL on the rest (2507.07562, section 3.1)."""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def interleaved(arm: Arm) -> Sequence[Made]:
    """Stage `interleaved`; its negative control, SFT on all problems, is `algorithm.sft_on: all` there. No options."""
    return [Made(stages={"interleaved": arm.train("interleaved")})]
