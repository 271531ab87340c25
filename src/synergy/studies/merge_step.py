"""Merging the models of other steps as a step."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synergy.config.merge import MergeConfig
from synergy.config.resolve import resolved
from synergy.models.merging.merge import merge_checkpoints
from synergy.recipes.step import STEP, Step
from synergy.studies.plan_file import LedgerPart
from synergy.studies.watching import StudyWatcher


def merge_step(step: Step, inputs: Mapping[str, Path], folder: Path, watcher: StudyWatcher) -> LedgerPart:
    """Write the merged model to `folder/model`; raises as `merge_checkpoints` does."""
    assert isinstance(step.config, MergeConfig)
    start = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    config = MergeConfig.model_validate_json(json.dumps(_with_folders(resolved(step.config), inputs)))
    if not (folder / "model").exists():
        merge_checkpoints(config, folder / "model", watcher.stage)
    return LedgerPart(seconds=time.perf_counter() - start)


def _with_folders(value: Any, inputs: Mapping[str, Path]) -> Any:
    """Every "step:ROLE" as the folder of that input's model."""
    if isinstance(value, str) and value.startswith(STEP):
        return str(inputs[value.removeprefix(STEP)] / "model")
    if isinstance(value, dict):
        return {name: _with_folders(inner, inputs) for name, inner in value.items()}
    return [_with_folders(inner, inputs) for inner in value] if isinstance(value, list) else value
