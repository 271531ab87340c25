"""`merging`: the weights of the SFT model and of the RL model, averaged (2507.07562, section 3.3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from synergy.recipes.recipe import Arm, Made
from synergy.recipes.step import Step

PAPER_RATIO = 0.25  #: the SFT share of its reported row, which is linear
SWEEP = (0.25, 0.5, 0.75)  #: its other ratios, 0 and 1, are the RL and the SFT model themselves


def merging(arm: Arm) -> Sequence[Made]:
    """Stages `sft`, `rl`, `merge`.

    Options: `method` (linear, slerp, ties …), `sft_ratio` (the SFT model's share), `sweep` (ratios of the curve beside
    0 and 1), `parameters` (further ones of the method, such as density).
    """
    sft, rl = arm.train("sft"), arm.train("rl")
    method = str(arm.option("method", "linear"))
    ratio = float(arm.option("sft_ratio", PAPER_RATIO))
    parameters = arm.option("parameters", {})
    sweep = [float(each) for each in arm.option("sweep", SWEEP)]
    made = [Made(stages={"sft": sft, "rl": rl, "merge": _merged(arm, method, ratio, parameters, sft, rl)})]
    made += [Made(stages={"rl": rl}, suffix="@0"), Made(stages={"sft": sft}, suffix="@1")]
    for each in sorted({*sweep, ratio}):
        step = _merged(arm, method, each, parameters, sft, rl)
        made.append(Made(stages={"sft": sft, "rl": rl, "merge": step}, suffix=f"@{each:g}"))
    return made


def _merged(arm: Arm, method: str, ratio: float, parameters: Mapping[str, Any], sft: Step, rl: Step) -> Step:
    return arm.merge(method, {"sft": ratio, "rl": 1 - ratio}, parameters, {"sft": sft, "rl": rl})
