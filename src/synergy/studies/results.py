"""A finished study's numbers, read from its folder: what tables, charts and claims are made of.

Reads only what `plan_file` describes. Knows nothing about how the numbers came about.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from jaxtyping import Bool, Float, Int

from synergy.config.load import load
from synergy.config.study import StudyConfig
from synergy.errors import InputError
from synergy.studies.plan_file import ArmRun, LedgerPart, PlanFile, read_plan


@dataclass(frozen=True, kw_only=True)
class ProblemRow:
    """A problem of an evaluation set."""

    id: str
    family: str
    answer_kind: str
    level: int | None  #: the measured one where there is one, else the problem's own
    question: str
    gold: str
    choices: tuple[str, ...]
    images: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class RunScores:
    """One arm's attempts with one seed; problems in the order of their set."""

    run: ArmRun
    correct: Float[np.ndarray, "num_problems num_samples"]  #: 1 or 0; an unscored attempt is NaN
    num_tokens: Int[np.ndarray, "num_problems num_samples"]
    truncated: Bool[np.ndarray, "num_problems num_samples"]
    unread: Bool[np.ndarray, "num_problems num_samples"]  #: no answer was found in the response
    folder: Path  #: of its evaluate step: samples.parquet has the texts

    @property
    def accuracy(self) -> Float[np.ndarray, "num_problems"]:
        """Mean over attempts; an unscored one counts as not correct."""
        return np.nan_to_num(self.correct).mean(axis=1)

    def texts(self) -> Iterator[Mapping[str, Any]]:
        """The rows of samples.parquet, in no stated order."""
        yield from pq.read_table(self.folder / "samples.parquet").to_pylist()


@dataclass(frozen=True, kw_only=True, eq=False)
class SetResults:
    """One evaluation set in one cell of the axes."""

    name: str
    title: str
    problems: Sequence[ProblemRow]
    runs: Mapping[str, Sequence[RunScores]]  #: by arm, one for each seed in the study's order

    def scores(self, arm: str) -> Float[np.ndarray, "num_seeds num_problems"]:
        """The accuracy of each problem with each seed."""
        return np.stack([run.accuracy for run in self.runs[arm]])

    @cached_property
    def levels(self) -> list[int | None]:
        """Each problem's level."""
        return [problem.level for problem in self.problems]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """One cell of the axes: a study without axes has exactly one, with no labels."""

    axes: Mapping[str, str]
    sets: Mapping[str, SetResults]


class StudyResults:
    """A study's folder, read when asked for."""

    def __init__(self, folder: Path) -> None:
        """Raises FileError or InputError where the folder holds no study."""
        self.folder = folder
        self.study = load(folder / "study.json", StudyConfig)
        self.plan: PlanFile = read_plan(folder)

    @cached_property
    def cells(self) -> list[Cell]:
        """All cells; arms whose evaluation is missing in one are left out there."""
        labels = list({tuple(run.axes.items()): None for run in self.plan.runs})
        return [self._cell(dict(each)) for each in labels]

    @property
    def only_cell(self) -> Cell:
        """The cell of a study without axes."""
        if len(self.cells) != 1:
            raise InputError(f"{self.folder}: a study of {len(self.cells)} cells; expected to be told which one")
        return self.cells[0]

    def metrics(self, key: str) -> list[dict[str, Any]]:
        """The lines of a train step's metrics.jsonl: kind "train" or "evaluation", step, values by name."""
        lines = (self.step_folder(key) / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def summary(self, key: str) -> dict[str, Any]:
        """A train step's summary.json."""
        return json.loads((self.step_folder(key) / "summary.json").read_text(encoding="utf-8"))

    def step_folder(self, key: str) -> Path:
        """Where a step's files are."""
        return self.folder / self.plan.steps[key].folder

    def ledger(self, run: ArmRun) -> LedgerPart:
        """All that an arm's model took after the base model, what arms share included, evaluation left out."""
        parts = [self.plan.steps[key].ledger for key in self._ancestors(run.stages.values())]
        return sum_ledgers([part for part in parts if part is not None])

    def _ancestors(self, keys: Any) -> list[str]:
        found: dict[str, None] = {}
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in found and not self.plan.steps[key].is_base:
                found[key] = None
                waiting += self.plan.steps[key].inputs.values()
        return list(found)

    def _cell(self, axes: Mapping[str, str]) -> Cell:
        runs = [run for run in self.plan.runs if run.axes == axes]
        sets = {each.name: each for each in self.study.evaluation.sets}
        found: dict[str, SetResults] = {}
        for name, config in sets.items():
            done = [run for run in runs if name in run.evaluations and self.plan.steps[run.evaluations[name]].done]
            if not done:
                continue
            problems = self._problems(
                self.step_folder(done[0].evaluations[name]), self.plan.levels.get("/".join([*axes.values(), name]))
            )
            arms: dict[str, list[RunScores]] = {}
            for run in done:
                arms.setdefault(run.arm, []).append(self._scores(run, name, problems))
            found[name] = SetResults(name=name, title=config.title, problems=problems, runs=arms)
        return Cell(axes=axes, sets=found)

    def _problems(self, folder: Path, tag_key: str | None) -> list[ProblemRow]:
        measured: Mapping[str, Any] = {}
        if tag_key is not None and self.plan.steps[tag_key].done:
            measured = json.loads((self.step_folder(tag_key) / "levels.json").read_text(encoding="utf-8"))["problems"]
        rows = map(json.loads, (folder / "problems.jsonl").read_text(encoding="utf-8").splitlines())
        return [
            ProblemRow(
                id=row["id"],
                family=row["family"],
                answer_kind=row["answer_kind"],
                level=measured[row["id"]]["level"] if row["id"] in measured else row["level"],
                question=row["question"],
                gold=row["gold"],
                choices=tuple(row["choices"]),
                images=tuple(folder / "images" / name for name in row["images"]),
            )
            for row in rows
        ]

    def _scores(self, run: ArmRun, name: str, problems: Sequence[ProblemRow]) -> RunScores:
        folder = self.step_folder(run.evaluations[name])
        columns = ["problem_id", "run", "status", "num_tokens", "truncated", "extracted"]
        table = pq.read_table(folder / "samples.parquet", columns=columns).to_pylist()
        place = {problem.id: index for index, problem in enumerate(problems)}
        shape = (len(problems), 1 + max(row["run"] for row in table))
        correct = np.full(shape, np.nan)
        num_tokens = np.zeros(shape, dtype=np.int64)
        truncated, unread = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        for row in table:
            at = place[row["problem_id"]], row["run"]
            if row["status"] != "unscored":
                correct[at] = row["status"] == "correct"
            num_tokens[at] = row["num_tokens"] or 0
            truncated[at] = row["truncated"]
            unread[at] = row["extracted"] is None
        return RunScores(
            run=run, correct=correct, num_tokens=num_tokens, truncated=truncated, unread=unread, folder=folder
        )


def sum_ledgers(parts: Sequence[LedgerPart]) -> LedgerPart:
    """Amounts added up; of peak memory the largest."""
    total: dict[str, Any] = {}
    for part in parts:
        for field, amount in part.model_dump().items():
            total[field] = (
                max(total.get(field, 0), amount) if field == "peak_memory_bytes" else total.get(field, 0) + amount
            )
    return LedgerPart(**total)
