"""`released_merging`: a merge of two models that somebody published, to be held against their own merge."""

from collections.abc import Sequence

from synergy.recipes.merging import PAPER_RATIO
from synergy.recipes.recipe import Arm, Made
from synergy.recipes.released import given


def released_merging(arm: Arm) -> Sequence[Made]:
    """Stage `merge` alone.

    Options: `sft` and `rl` (checkpoints), `method` (linear, slerp, ties …), `sft_ratio` (the SFT model's share),
    `parameters` (further ones of the method).
    """
    models = {"sft": given(arm, "sft"), "rl": given(arm, "rl")}
    ratio = float(arm.option("sft_ratio", PAPER_RATIO))
    method, parameters = str(arm.option("method", "linear")), arm.option("parameters", {})
    return [Made(stages={"merge": arm.merge(method, {"sft": ratio, "rl": 1 - ratio}, parameters, models)})]
