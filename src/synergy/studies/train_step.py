"""A training run as a step."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from synergy.config.data import FileDataConfig
from synergy.config.train import TrainConfig
from synergy.diagnostics.watching import watched
from synergy.evaluation.training_table import DATA, VALIDATION
from synergy.recipes.step import STEP_DATA, STEP_VALIDATION, Step
from synergy.studies.input_model import input_model
from synergy.studies.parameters import count_parameters, with_flops
from synergy.studies.plan_file import LedgerPart
from synergy.studies.watching import StudyWatcher
from synergy.training.loop import Run
from synergy.training.prepare import prepare
from synergy.training.processes import Processes, stopping_together
from synergy.training.run_folder import RunFolder
from synergy.training.watchers import Watchers


def train_step(
    step: Step, inputs: Mapping[str, Path], folder: Path, watcher: StudyWatcher, processes: Processes
) -> LedgerPart:
    """Train, from the newest checkpoint in `folder` if there is one; raises as `prepare` and `Run` do.

    Called by all processes alike; what the first one returns counts.
    """
    assert isinstance(step.config, TrainConfig)
    config = with_inputs(step.config, inputs)
    run_folder = RunFolder(folder)
    with stopping_together(processes):
        if processes.is_first:
            run_folder.check(config)
    if not processes.gather(run_folder.is_finished)[0]:
        with stopping_together(processes):
            prepared = prepare(config, processes)
            if processes.is_first:
                run_folder.create(config)
        seen = watched(config, run_folder, watcher, watcher.warned)
        Run(config, prepared, run_folder, seen.watcher if processes.is_first else Watchers([]), seen.is_to_stop).run()
    if not processes.is_first:
        return LedgerPart()
    summary = run_folder.read_summary()
    shutil.rmtree(run_folder.checkpoints, ignore_errors=True)  # the model is written, nothing goes on from them
    return with_flops(_ledger(summary["ledger"]), count_parameters(run_folder.model))


def with_inputs(config: TrainConfig, inputs: Mapping[str, Path]) -> TrainConfig:
    """The config with folders in the place of what stands for other steps' results."""
    changes: dict[str, object] = {"model": input_model(config.model, inputs)}
    if isinstance(config.data, FileDataConfig) and config.data.path == STEP_DATA:
        changes["data"] = config.data.model_copy(update={"path": inputs["data"] / DATA})
    evaluation = config.evaluation
    if (
        evaluation is not None
        and isinstance(evaluation.data, FileDataConfig)
        and evaluation.data.path == STEP_VALIDATION
    ):
        held_out = evaluation.data.model_copy(update={"path": inputs["data"] / VALIDATION})
        changes["evaluation"] = evaluation.model_copy(update={"data": held_out})
    return config.model_copy(update=changes)


def _ledger(spent: Mapping[str, float]) -> LedgerPart:
    return LedgerPart(
        generated_tokens=int(spent["generated_tokens"]),
        evaluation_tokens=int(spent["evaluation_tokens"]),
        trained_tokens=int(spent["trained_tokens"]),
        update_tokens=int(spent["update_tokens"]),
        images=int(spent["images"]),
        seconds=spent["training_seconds"] + spent["evaluation_seconds"],
        peak_memory_bytes=int(spent["peak_memory_bytes"]),
    )
