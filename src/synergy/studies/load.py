"""A study's document at the scale that it asks for."""

import json
from collections.abc import Sequence
from pathlib import Path

from synergy.config.load import load
from synergy.config.study import StudyConfig


def load_study(file: Path, overrides: Sequence[str]) -> StudyConfig:
    """The study in a file; overrides win over the scale's values. Raises as `load` does."""
    config = load(file, StudyConfig, overrides)
    if config.scale is None:
        return config
    scaled = [f"{path}={json.dumps(value)}" for path, value in config.scales[config.scale].items()]
    found = load(file, StudyConfig, [*scaled, *overrides])
    return found.model_copy(update={"name": f"{config.name}-{config.scale}"})
