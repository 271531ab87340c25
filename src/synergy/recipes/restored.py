"""`restored`: a tuned model into which singular vectors of an earlier one are put back (2509.12235)."""

from collections.abc import Sequence

from synergy.config.merge import MergeConfig
from synergy.errors import InputError
from synergy.recipes.recipe import Arm, Made
from synergy.recipes.settings import BASE
from synergy.recipes.step import STEP, Step

RESTORE = "restore"  #: the stage


def restored(arm: Arm) -> Sequence[Made]:
    """Stages of training one after the other, then `restore`: what a merge with method restore is told.

    Options: `of` (the stages of training, [sft] by default), `source` (whose vectors are put back: base by default, or
    a stage that is trained from the base, such as one that stops earlier).
    """
    stages: dict[str, Step] = {}
    tuned: Step | None = None
    for stage in _names(arm):
        stages[stage] = tuned = arm.train(stage, model=tuned)
    assert tuned is not None, "at least one stage, as checked"
    source = str(arm.option("source", BASE))
    given = arm.base if source == BASE else arm.train(source)
    if source != BASE and given is not None:
        stages = {source: given, **stages}
    inputs = {"tuned": tuned, **({} if given is None else {"source": given})}
    section = {
        **arm.settings.stage(RESTORE),
        "method": "restore",
        "base_model": arm.model_config(None).checkpoint if given is None else f"{STEP}source",
        "other_model": f"{STEP}tuned",
    }
    config = arm.settings.read(MergeConfig, {"merge": section}, RESTORE)
    step = Step(
        kind="merge", name=f"{arm.name}/{RESTORE}, seed {arm.seed}", config=config, inputs=inputs, stage=RESTORE
    )
    return [Made(stages={**stages, RESTORE: step})]


def _names(arm: Arm) -> list[str]:
    """The stages that option `of` names; raises InputError for anything but some names."""
    found = arm.option("of", ["sft"])
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
        raise InputError(f"arm {arm.name}: option of is {found!r}; expected stages of training, such as [sft]")
    return found
