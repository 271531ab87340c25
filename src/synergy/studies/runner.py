"""Running a study's missing steps, one after the other; killed at any moment, it goes on from there.

Over several processes (torchrun) all of them train together, and the first one does every other step while they wait.

A step is made in `building/` and appears in `steps/` by one rename, with `step.json` in it: a folder in `steps/` is
complete. Steps are functions of their keys, so a key that is there need not be made again, whatever changed elsewhere.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from synergy.config.resolve import resolved, write_resolved
from synergy.config.study import StudyConfig
from synergy.errors import FileError, InputError
from synergy.evaluation.locking import locked
from synergy.memory import give_back, peak_bytes, restart_peak
from synergy.recipes.step import VERSIONS, Step
from synergy.studies.estimate import estimates_of
from synergy.studies.execute import execute
from synergy.studies.graph import Graph
from synergy.studies.plan_file import ArmRun, LedgerPart, write_plan
from synergy.studies.watching import StudyWatcher
from synergy.training.environment import environment
from synergy.training.processes import Processes, stopping_together
from synergy.training.run_folder import write_json

STEP_FILE, _STUDY = "step.json", "study.json"


class StudyFolder:
    """Where a study's steps are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.steps = path / "steps"
        self.building = path / "building"

    def of(self, step: Step) -> Path:
        """The finished folder of a step."""
        return self.steps / step.folder_name

    def building_of(self, step: Step) -> Path:
        """Where a step is made."""
        return self.building / step.folder_name

    def ledger(self, step: Step) -> LedgerPart | None:
        """What a finished step took, None where it is not finished."""
        path = self.of(step) / STEP_FILE
        if not path.exists():
            return None
        try:
            return LedgerPart(**json.loads(path.read_text(encoding="utf-8"))["ledger"])
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(
                f"{path}: not as it was written; remove {path.parent} and run the same study again"
            ) from None

    def done(self, steps: Sequence[Step]) -> dict[str, LedgerPart]:
        """What those of the steps took that are finished, by key."""
        found = {step.key: self.ledger(step) for step in steps}
        return {key: ledger for key, ledger in found.items() if ledger is not None}

    def take(self, steps: Sequence[Step], other: "StudyFolder") -> int:
        """Link those of the steps that are finished in another study's folder and not here; returns how many.

        Equal keys mean equal results. Files are linked, not copied, where both folders are on one disk.
        """
        found = [step for step in steps if self.ledger(step) is None and other.ledger(step) is not None]
        for step in found:
            building = self.building / step.folder_name
            shutil.rmtree(building, ignore_errors=True)
            shutil.copytree(other.of(step), building, copy_function=_link)
            building.replace(self.of(step))
        return len(found)

    def check(self) -> None:
        """Raise InputError where the folder holds something else than a study."""
        is_study = (self.path / _STUDY).exists() or not self.path.exists() or not any(self.path.glob("[!.]*"))
        if not is_study:
            raise InputError(f"{self.path} exists and holds no study; expected a new folder: give another --out")

    def create(self, study: StudyConfig) -> None:
        """Make the folder of a checked study and write what it is; raises FileError."""
        try:
            for folder in (self.steps, self.building):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{self.path}: cannot be made ({error.strerror}); give another --out") from None
        write_resolved(study, self.path / _STUDY)


class Runner:
    """Runs a graph in a folder."""

    def __init__(
        self, graph: Graph, folder: StudyFolder, watcher: StudyWatcher, processes: Processes | None = None
    ) -> None:
        """Every process of a run has one; the first one writes and tells the watcher."""
        self.graph = graph
        self.folder = folder
        self.watcher = watcher
        self.processes = processes or Processes()

    def run(self, runs: Sequence[ArmRun], *, reuse: Sequence[StudyFolder] = ()) -> None:
        """Make all steps that these runs need and that are missing; raises as they do, what is done stays done.

        What another study's folder in `reuse` has finished is taken from there.
        """
        needed = self.graph.needed(tuple(runs))
        with ExitStack() as stack:
            with stopping_together(self.processes):
                if self.processes.is_first:
                    self.folder.check()
                    stack.enter_context(locked(self.folder.path))
                    self.folder.create(self.graph.study)
                    for other in reuse:
                        self.folder.take(needed, other)
                    self._write_plan()
            missing = self._missing(needed)
            for number, step in enumerate(missing, start=1):
                if step.kind == "train":  # where one fails, `train_step` stops all
                    self._train(step, number, len(missing))
                    continue
                with stopping_together(self.processes):
                    if self.processes.is_first:
                        self._lead(step, number, len(missing))

    def _train(self, step: Step, number: int, num: int) -> None:
        if self.processes.is_first:
            self._lead(step, number, num)
        else:
            execute(step, self._inputs(step), self.folder.building_of(step), self.watcher, self.processes)
            give_back()

    def _missing(self, needed: Sequence[Step]) -> list[Step]:
        """What is to be made, as the first process sees the folder."""
        mine = [step.key for step in needed if self.folder.ledger(step) is None]
        keys = set(self.processes.gather(mine)[0])
        return [step for step in needed if step.key in keys]

    def _lead(self, step: Step, number: int, num: int) -> None:
        building = self.folder.building_of(step)
        self.watcher.begins(step, number, num, goes_on=building.exists())
        seconds = self._make(step, building)
        self.watcher.finished(step, seconds)
        self._write_plan()

    def _inputs(self, step: Step) -> dict[str, Path]:
        return {role: self.folder.of(each) for role, each in step.inputs.items()}

    def _make(self, step: Step, building: Path) -> float:
        start = time.perf_counter()
        restart_peak()
        ledger = execute(step, self._inputs(step), building, self.watcher, self.processes)
        ledger = ledger.model_copy(update={"peak_memory_bytes": max(ledger.peak_memory_bytes, peak_bytes())})
        give_back()
        seconds = time.perf_counter() - start
        write_json(building / STEP_FILE, _step_file(step, ledger, self.processes))
        finished = self.folder.of(step)
        shutil.rmtree(finished, ignore_errors=True)  # without a step.json it is nothing
        building.replace(finished)
        return seconds

    def _write_plan(self) -> None:
        done = self.folder.done(self.graph.steps)
        found = estimates_of(self.graph.study, self.graph.steps, done)
        seconds = {key: each.seconds for key, each in found.items() if each.seconds is not None}
        write_plan(self.graph.plan(done, seconds), self.folder.path)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def _step_file(step: Step, ledger: LedgerPart, processes: Processes) -> Mapping[str, Any]:
    return {
        "kind": step.kind,
        "version": VERSIONS[step.kind],
        "key": step.key,
        "name": step.name,
        "config": resolved(step.config),
        "inputs": {role: each.key for role, each in step.inputs.items()},
        "ledger": ledger.model_dump(),
        "environment": environment(processes if step.kind == "train" else Processes()),
    }
