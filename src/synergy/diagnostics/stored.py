"""What folders of trainings and evaluations say of themselves: the config that each was made with."""

import json
from pathlib import Path

from synergy.config.load import build, load
from synergy.config.study_steps import EvaluateStepConfig
from synergy.config.train import TrainConfig


def trained_by(run: Path) -> TrainConfig:
    """The resolved config of a training's folder; raises FileError or InputError."""
    return load(run / "config.json", TrainConfig)


def evaluated_by(folder: Path) -> EvaluateStepConfig | None:
    """How a study's step evaluated; None for an evaluation outside a study. Raises InputError for an older layout."""
    path = folder / "step.json"
    if not path.exists():
        return None
    return build(EvaluateStepConfig, json.loads(path.read_text(encoding="utf-8"))["config"], label=str(path))


def has_pictures(folder: Path) -> bool:
    """Whether any problem of an evaluation has a picture beside it."""
    with (folder / "problems.jsonl").open(encoding="utf-8") as lines:
        return any(json.loads(line)["images"] for line in lines)
