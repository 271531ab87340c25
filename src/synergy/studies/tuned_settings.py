"""Under which settings of a study its learning rates were chosen."""

import hashlib
from collections.abc import Mapping
from typing import Any

from synergy.config.resolve import canonical_json
from synergy.config.study import StudyConfig

RATE = ("optimizer", "learning_rate")


def settings_hash(study: StudyConfig) -> str:
    """Hash of all that a study's trainings are told but their learning rates."""
    section, rate = RATE

    def without_rate(values: Mapping[str, Any]) -> dict[str, Any]:
        inner = values.get(section, {})
        return {**values, section: {name: value for name, value in inner.items() if name != rate}}

    stages = {stage: without_rate(values) for stage, values in study.stages.items()}
    arms = {name: arm.model_dump(mode="json") for name, arm in study.arms.items()}
    said: dict[str, Any] = {"stages": stages, "arms": arms}
    if study.data is not None:  # where the files are is no setting
        said["data"] = {name: value for name, value in study.data.items() if name != "path"}
    return hashlib.sha256(canonical_json(said).encode()).hexdigest()[:16]
