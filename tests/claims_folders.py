"""Made-up studies to judge claims on: on disk as a study leaves them, or in memory where there must be many."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synergy.config.load import load
from synergy.config.protocol import ProtocolConfig
from synergy.config.resolve import write_resolved
from synergy.config.shipped_files import PROTOCOLS
from synergy.config.study import StudyConfig
from synergy.studies.plan_file import ArmRun, LedgerPart, PlanFile, PlannedStep, write_plan
from synergy.studies.results import Cell, ProblemRow, RunScores, SetResults, StudyResults

Rates = Sequence[float]  #: by level, 1 … 5
RateOf = Callable[[Mapping[str, str]], Rates]  #: of a cell's axes
Lines = Sequence[Mapping[str, Any]]
Text = Callable[[np.random.Generator, bool], str]


def plain(rng: np.random.Generator, right: bool) -> str:
    return "so it is 3"


def reflecting(rng: np.random.Generator, right: bool) -> str:
    """Empty reflections, that have nothing to do with being right."""
    return "so it is 3. " + "Wait. That fits. " * int(rng.poisson(2))


def reflecting_if_wrong(rng: np.random.Generator, right: bool) -> str:
    return "so it is 3. " + "Wait. That fits. " * int(rng.poisson(1 if right else 4))


def reflecting_much(rng: np.random.Generator, right: bool) -> str:
    return "so it is 3. " + "Wait. That fits. " * int(rng.poisson(9))


@dataclass(frozen=True, kw_only=True)
class Arm:
    recipe: str
    rates: Rates | RateOf
    other_rates: Mapping[str, float] = field(default_factory=dict)  #: on further sets
    tokens: float = 50.0
    text: Text = plain
    changes: Mapping[str, Any] = field(default_factory=dict)  #: STAGE.PATH → value
    lines: Callable[[int], Lines] = lambda seed: ()  #: of metrics.jsonl


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    arms: Mapping[str, Arm]
    seeds: Sequence[int] = (0, 1, 2, 3, 4)
    axes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  #: by axis, `common` settings by label
    sets: Sequence[str] = ("main",)
    problems_per_level: int = 100
    num_samples: int = 4
    seed_spread: float = 0.0  #: standard deviation of runs' own success rates
    random_seed: int = 0

    def cells(self) -> list[dict[str, str]]:
        return [dict(zip(self.axes, labels, strict=True)) for labels in product(*self.axes.values())]

    def study(self) -> StudyConfig:
        protocol = load(PROTOCOLS["synergy_dilemma"], ProtocolConfig)
        data = {"source": "pocket", "num_problems": 5 * self.problems_per_level, "split": "evaluation"}
        return StudyConfig.model_validate_json(
            json.dumps(
                {
                    "kind": "study",
                    "name": "made",
                    "title": "Made up",
                    "evidence": "none",
                    "seeds": list(self.seeds),
                    "stages": {"common": {}, "sft": {}, "rl": {}},
                    "arms": {name: {"recipe": arm.recipe} for name, arm in self.arms.items()},
                    "baseline": next(iter(self.arms)),
                    "axes": {
                        axis: [{"label": label, "stages": {"common": values}} for label, values in labels.items()]
                        for axis, labels in self.axes.items()
                    },
                    "evaluation": {
                        "protocol": protocol.model_dump(mode="json"),
                        "sets": [{"name": name, "title": name, "data": data} for name in self.sets],
                        "levels": None,
                    },
                }
            )
        )

    def runs(self) -> Iterator[tuple[int, ArmRun]]:
        """Numbered: every cell, arm and seed; the numbers are the keys of their steps."""
        everything = product(self.cells(), self.arms.items(), self.seeds)
        for number, (axes, (name, arm), seed) in enumerate(everything):
            stages = {arm.recipe: f"t{number}"} if arm.recipe != "base" else {}
            evaluations = {each: f"e{number}{each}" for each in self.sets}
            yield (
                number,
                ArmRun(
                    arm=name,
                    recipe=arm.recipe,
                    seed=seed,
                    axes=axes,
                    stages=stages,
                    evaluations=evaluations,
                    shown=True,
                ),
            )

    def plan(self) -> PlanFile:
        runs = [run for _, run in self.runs()]
        steps = {
            key: PlannedStep(
                key=key,
                kind="train" if key in run.stages.values() else "evaluate",
                name=key,
                inputs={},
                done=True,
                ledger=LedgerPart(),
            )
            for run in runs
            for key in (*run.stages.values(), *run.evaluations.values())
        }
        differences = {name: {"recipe": arm.recipe, **arm.changes} for name, arm in self.arms.items()}
        return PlanFile(
            kind="plan",
            study="made",
            baseline=next(iter(self.arms)),
            levels={},
            runs=tuple(runs),
            steps=steps,
            differences=differences,
        )

    @cache  # noqa: B019
    def problems(self, name: str) -> list[ProblemRow]:
        return [
            ProblemRow(
                id=f"{name}-{level}-{index}",
                family="made",
                answer_kind="integer",
                level=level,
                question="?",
                gold="3",
                choices=(),
                images=() if name.startswith("text") else (Path("a.png"),),
            )
            for index in range(self.problems_per_level)
            for level in range(1, 6)
        ]

    def attempts(self, number: int, run: ArmRun, name: str) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
        """(right, tokens, texts) of [num_problems, num_samples]."""
        arm = self.arms[run.arm]
        rng = np.random.default_rng([self.random_seed, number, len(name)])
        rates = arm.rates(run.axes) if callable(arm.rates) else arm.rates
        rates = np.full(5, arm.other_rates[name]) if name in arm.other_rates else np.array(rates)
        shape = (5 * self.problems_per_level, self.num_samples)
        rates = np.clip(rates + rng.normal(0, self.seed_spread) if self.seed_spread else rates, 0.01, 0.99)
        right = rng.random(shape) < np.tile(rates, self.problems_per_level)[:, None]
        tokens = np.round(arm.tokens * rng.lognormal(0, 0.3, shape)).astype(int)
        return right, tokens, [[arm.text(rng, bool(each)) for each in row] for row in right]

    def write(self, folder: Path) -> StudyResults:
        """As a study's folder."""
        folder.mkdir(parents=True)
        write_resolved(self.study(), folder / "study.json")
        plan = self.plan()
        write_plan(plan, folder)
        for number, run in self.runs():
            for key in run.stages.values():
                at = folder / plan.steps[key].folder
                at.mkdir(parents=True)
                lines = self.arms[run.arm].lines(run.seed)
                (at / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
            for name, key in run.evaluations.items():
                self._write_evaluation(folder / plan.steps[key].folder, number, run, name)
        return StudyResults(folder)

    def _write_evaluation(self, folder: Path, number: int, run: ArmRun, name: str) -> None:
        folder.mkdir(parents=True)
        problems = self.problems(name)
        right, tokens, texts = self.attempts(number, run, name)
        num = self.num_samples
        table = {
            "problem_id": [problem.id for problem in problems for _ in range(num)],
            "run": list(range(num)) * len(problems),
            "status": ["correct" if each else "wrong" for each in right.ravel()],
            "num_tokens": tokens.ravel().tolist(),
            "truncated": [False] * right.size,
            "extracted": ["3"] * right.size,
            "text": [text for row in texts for text in row],
        }
        pq.write_table(pa.table(table), folder / "samples.parquet")
        (folder / "problems.jsonl").write_text(self._problem_lines(name), encoding="utf-8")

    @cache  # noqa: B019
    def _problem_lines(self, name: str) -> str:
        rows = [
            {
                "id": problem.id,
                "family": problem.family,
                "answer_kind": problem.answer_kind,
                "level": problem.level,
                "question": problem.question,
                "gold": problem.gold,
                "choices": [],
                "images": [path.name for path in problem.images],
            }
            for problem in self.problems(name)
        ]
        return "".join(json.dumps(row) + "\n" for row in rows)


@dataclass(frozen=True, kw_only=True, eq=False)
class MemoryScores(RunScores):
    rows: list[dict[str, Any]]

    def texts(self) -> Iterator[Mapping[str, Any]]:
        yield from self.rows


class MemoryResults(StudyResults):
    """The same without files."""

    def __init__(self, made: Made) -> None:
        self.folder = Path("nowhere")
        self.study = made.study()
        self.plan = made.plan()
        self.lines = {key: made.arms[run.arm].lines(run.seed) for _, run in made.runs() for key in run.stages.values()}
        self.__dict__["cells"] = [self._made_cell(made, axes) for axes in made.cells()]

    def metrics(self, key: str) -> list[dict[str, Any]]:
        return [dict(line) for line in self.lines[key]]

    def _made_cell(self, made: Made, axes: dict[str, str]) -> Cell:
        sets = {}
        for name in made.sets:
            problems = made.problems(name)
            runs: dict[str, list[RunScores]] = {}
            for number, run in made.runs():
                if run.axes == axes:
                    runs.setdefault(run.arm, []).append(_scores(made, number, run, name, problems))
            sets[name] = SetResults(name=name, title=name, problems=problems, runs=runs)
        return Cell(axes=axes, sets=sets)


def _scores(made: Made, number: int, run: ArmRun, name: str, problems: list[ProblemRow]) -> MemoryScores:
    right, tokens, texts = made.attempts(number, run, name)
    never = np.zeros(right.shape, dtype=bool)
    rows = [
        {"problem_id": problem.id, "status": "correct" if right[i, j] else "wrong", "text": texts[i][j]}
        for i, problem in enumerate(problems)
        for j in range(made.num_samples)
    ]
    return MemoryScores(
        run=run,
        correct=right.astype(float),
        num_tokens=tokens,
        truncated=never,
        unread=never,
        folder=Path("nowhere"),
        rows=rows,
    )
