"""`released`: a tuned model that somebody published; nothing is trained."""

from collections.abc import Sequence
from typing import get_args

from synergy.config.study import RecipeName
from synergy.errors import InputError
from synergy.recipes.recipe import Arm, Made


def released(arm: Arm) -> Sequence[Made]:
    """No stages; it is asked as tuned models are.

    Options: `checkpoint` (a folder or a repository on the hub), `stands_for` (the recipe that its authors made it by,
    as which claims and tables then take it).
    """
    checkpoint = given(arm, "checkpoint")
    return [Made(stages={}, checkpoint=checkpoint, recipe=arm.choice("stands_for", "released", get_args(RecipeName)))]


def given(arm: Arm, option: str) -> str:
    """An option that names a checkpoint; raises InputError where it is missing."""
    checkpoint = arm.option(option, None)
    if not isinstance(checkpoint, str) or not checkpoint:
        raise InputError(
            f"arm {arm.name}: option {option} is {checkpoint!r}; expected a folder, or a repository on the hub"
        )
    return checkpoint
