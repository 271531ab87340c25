"""`data_mixing`: SFT on the RL model's own right answers, demonstrations where it has none (2507.07562, 3.2)."""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def data_mixing(arm: Arm) -> Sequence[Made]:
    """Stages `rl`, `mixing_data` (sampling and choosing) and `mixing_sft`.

    Option `start`: rl or base, the model that the last stage starts from; the paper does not say which, rl is ours.
    """
    first = arm.train("rl")
    data = arm.distil("mixing_data", model=first)
    start = first if arm.choice("start", "rl", ("rl", "base")) == "rl" else None
    last = arm.train("mixing_sft", model=start, data=data)
    return [Made(stages={"rl": first, "mixing_data": data, "mixing_sft": last})]
