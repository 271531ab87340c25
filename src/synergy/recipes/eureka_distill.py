"""`eureka_distill`: how 2507.07562 (section 2.1) made its visual SFT data, and SFT on it.

A model that was fine-tuned on long reasoning in text alone answers the visual problems, eight times each; the shortest
right answer of each is what the base model is fine-tuned on. The folder of the step `distilled` is the data set:
data.parquet and, by `validation_share`, validation.parquet.
"""

from collections.abc import Sequence

from synergy.recipes.recipe import Arm, Made


def eureka_distill(arm: Arm) -> Sequence[Made]:
    """Stages `text_sft`, `distilled` (sampling and choosing), `distilled_sft`, from the base model. No options."""
    first = arm.train("text_sft")
    data = arm.distil("distilled", model=first)
    last = arm.train("distilled_sft", data=data)
    return [Made(stages={"text_sft": first, "distilled": data, "distilled_sft": last})]
