"""`released`: a tuned model that somebody published; nothing is trained."""

from collections.abc import Sequence

from synergy.errors import InputError
from synergy.recipes.recipe import Arm, Made


def released(arm: Arm) -> Sequence[Made]:
    """Option `checkpoint`: a folder or a repository on the hub. No stages. It is asked as tuned models are."""
    return [Made(stages={}, checkpoint=given(arm, "checkpoint"))]


def given(arm: Arm, option: str) -> str:
    """An option that names a checkpoint; raises InputError where it is missing."""
    checkpoint = arm.option(option, None)
    if not isinstance(checkpoint, str) or not checkpoint:
        raise InputError(
            f"arm {arm.name}: option {option} is {checkpoint!r}; expected a checkpoint, a folder or a repository on the "
            "hub"
        )
    return checkpoint
