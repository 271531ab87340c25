"""Choosing a study's learning rates: every stage tries as many, and is measured on problems of validation.

Each try is the study itself with one rate changed, another seed, and other problems to evaluate on. So its steps are
ordinary ones: shared between tries where they are equal, and there already when a killed tuning is run again.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from synergy.config.data import FileDataConfig
from synergy.config.study import StudyConfig
from synergy.config.tuning import StageTuningConfig, TriedRate, TuneConfig, TunedStage, TuningConfig
from synergy.errors import unknown_name
from synergy.evaluation.provenance import packages
from synergy.studies.graph import make_graph
from synergy.studies.load import load_study
from synergy.studies.results import RunScores, StudyResults
from synergy.studies.runner import Runner, StudyFolder
from synergy.studies.tuned_settings import RATE, settings_hash
from synergy.studies.watching import StudyWatcher

_SET = "validation"


class Tuning:
    """The tries of one tune document."""

    def __init__(self, config: TuneConfig, file: Path) -> None:
        """`file` is where the document was read; raises as `load_study` does, InputError for unknown stages or arms."""
        self.config = config
        self.file = file
        self.study_file = file.parent / config.study
        shared = load_study(self.study_file, []).data or {}
        self.shares_files = shared.get("source") == "file"
        study = self.study({})
        for stage, tried in config.stages.items():
            if stage not in study.stages:
                raise unknown_name(f"stage of study {study.name}", stage, study.stages)
            if tried.arm not in study.arms:
                raise unknown_name(f"arm of study {study.name}", tried.arm, study.arms)
        self.settings = settings_hash(study)
        self.num_tries = sum(len(stage.learning_rates) for stage in config.stages.values())

    @property
    def result_file(self) -> Path:
        """Where the choice belongs."""
        return self.file.parent / self.config.result

    def run(self, out: Path, watcher: StudyWatcher, on_try: Callable[[str], None]) -> TuningConfig:
        """Try all rates in the folder `out`, or go on there; `on_try` is told what begins. Raises as `Runner.run`."""
        chosen: dict[str, float] = {}
        found: dict[str, TunedStage] = {}
        num_problems = number = 0
        for stage, tried in self.config.stages.items():
            tries: list[TriedRate] = []
            for rate in sorted(tried.learning_rates):
                number += 1
                on_try(f"try {number} of {self.num_tries}: {stage} at {rate:g}, measured on arm {tried.arm}")
                scores = self._try({**chosen, stage: rate}, tried, out, watcher)
                num_problems = len(scores.correct)
                tries.append(_tried(rate, scores))
            best = max(tries, key=lambda each: each.accuracy)  # the first of equals, which is the lowest rate
            chosen[stage] = best.learning_rate
            found[stage] = TunedStage(arm=tried.arm, tries=tuple(tries), chosen=best.learning_rate)
        return TuningConfig(
            file=self.file.name,
            seed=self.config.seed,
            num_problems=num_problems,
            num_runs=self.config.num_runs,
            settings=self.settings,
            packages=packages(),
            stages=found,
        )

    def study(self, rates: Mapping[str, float]) -> StudyConfig:
        """The study as one try has it: with these rates, on the problems of validation."""
        on = {"name": _SET, "title": "Validation", "data": self.config.data.model_dump(mode="json")}
        values: dict[str, Any] = {
            "tuning": None,
            "seeds": [self.config.seed],
            "evaluation.sets": [on],
            "evaluation.levels": None,
            "evaluation.protocol.num_runs": self.config.num_runs,
            **{f"stages.{stage}.{'.'.join(RATE)}": rate for stage, rate in rates.items()},
        }
        if self.shares_files and isinstance(self.config.data, FileDataConfig):
            values["data.path"] = str(self.config.data.path)  # what is trained on lies where validation does
        return load_study(self.study_file, [f"{path}={json.dumps(value)}" for path, value in values.items()])

    def _try(self, rates: Mapping[str, float], tried: StageTuningConfig, out: Path, watcher: StudyWatcher) -> RunScores:
        graph = make_graph(self.study(rates))
        runs = [run for run in graph.runs if run.arm == tried.arm]
        Runner(graph, StudyFolder(out), watcher).run(runs)
        return StudyResults(out).only_cell.sets[_SET].runs[tried.arm][0]


def tuned_document(tuning: TuningConfig) -> dict[str, Any]:
    """What the study extends: the chosen rates in their stages, and how they were chosen."""
    name, rate = RATE
    stages = {stage: {name: {rate: found.chosen}} for stage, found in tuning.stages.items()}
    return {"stages": stages, "tuning": tuning.model_dump(mode="json")}


def _tried(rate: float, scores: RunScores) -> TriedRate:
    return TriedRate(
        learning_rate=rate,
        accuracy=float(scores.accuracy.mean()),
        truncated=float(scores.truncated.mean()),
        num_tokens=float(scores.num_tokens.mean()),
    )
