"""Doing one step in a folder of its own; each kind is a file, imported when it is needed."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from synergy.recipes.step import Step
from synergy.studies.plan_file import LedgerPart
from synergy.studies.watching import StudyWatcher

if TYPE_CHECKING:
    from synergy.training.processes import Processes


def execute(
    step: Step,
    inputs: Mapping[str, Path],
    folder: Path,
    watcher: StudyWatcher,
    processes: "Processes",
) -> LedgerPart:
    """Make a step's files in `folder`, or go on there; `inputs` are the finished folders of its inputs, by role.

    A training is called by all processes alike, any other step by the first one alone.
    """
    # here, as most of them bring torch along
    if step.kind == "train":
        from synergy.studies.train_step import train_step

        return train_step(step, inputs, folder, watcher, processes)
    if step.kind == "merge":
        from synergy.studies.merge_step import merge_step

        return merge_step(step, inputs, folder, watcher)
    if step.kind == "choose":
        from synergy.studies.choose_step import choose_step

        return choose_step(step, inputs, folder, watcher)
    if step.kind == "distil":
        from synergy.studies.distil_step import distil_step

        return distil_step(step, inputs, folder, watcher)
    from synergy.studies.evaluate_step import evaluate_step

    return evaluate_step(step, inputs, folder, watcher)
