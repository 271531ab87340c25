"""Sampling a model on the training problems, and keeping what is right, as a step."""

import time
from collections.abc import Mapping
from pathlib import Path

from synergy.config.distil import DistilConfig
from synergy.evaluation.self_distil import self_distil
from synergy.recipes.step import Step, checkpoint_folder
from synergy.studies.evaluate_step import Stages
from synergy.studies.input_model import input_model
from synergy.studies.parameters import count_parameters, with_flops
from synergy.studies.plan_file import LedgerPart
from synergy.studies.spent import response_tokens
from synergy.studies.watching import StudyWatcher


def distil_step(step: Step, inputs: Mapping[str, Path], folder: Path, watcher: StudyWatcher) -> LedgerPart:
    """Write `folder/data.parquet`, or go on there; raises as `self_distil` does."""
    assert isinstance(step.config, DistilConfig)
    start = time.perf_counter()
    config = step.config.model_copy(update={"model": input_model(step.config.model, inputs)})
    self_distil(config, folder, Stages(watcher), name=step.name)
    tokens = response_tokens(folder)
    ledger = LedgerPart(generated_tokens=tokens, seconds=time.perf_counter() - start)
    return with_flops(ledger, count_parameters(Path(checkpoint_folder(config.model.checkpoint))))
