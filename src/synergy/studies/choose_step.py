"""Choosing among the training problems as a step."""

import time
from collections.abc import Mapping
from pathlib import Path

from synergy.config.choose import ChooseConfig, SamplingRule
from synergy.evaluation.choosing import choose
from synergy.recipes.step import Step, checkpoint_folder
from synergy.studies.evaluate_step import Stages
from synergy.studies.input_model import input_model
from synergy.studies.parameters import count_parameters, with_flops
from synergy.studies.plan_file import LedgerPart
from synergy.studies.spent import response_tokens
from synergy.studies.watching import StudyWatcher


def choose_step(step: Step, inputs: Mapping[str, Path], folder: Path, watcher: StudyWatcher) -> LedgerPart:
    """Write `folder/data.parquet`, or go on there; raises as `choose` does."""
    assert isinstance(step.config, ChooseConfig)
    config = step.config.model_copy(update={"model": input_model(step.config.model, inputs)})
    start = time.perf_counter()
    choose(config, folder, Stages(watcher), name=step.name)
    tokens = response_tokens(folder) if isinstance(config.rule, SamplingRule) else 0
    ledger = LedgerPart(generated_tokens=tokens, seconds=time.perf_counter() - start)
    return with_flops(ledger, count_parameters(Path(checkpoint_folder(config.model.checkpoint))))
