"""What every section asks of a study: which arms are shown and how they look, their runs, the columns of tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from synergy.statistics.levels import level_indices
from synergy.studies.results import Cell, RunScores, SetResults, StudyResults

COMBINATIONS = ("two_stage", "interleaved", "progressive", "data_mixing", "merging")
NUM_COLOURS = 10
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
DASHES = ((1, 0), (6, 3), (2, 2), (9, 3, 2, 3), (4, 2), (12, 3), (1, 3), (6, 2, 1, 2, 1, 2))


@dataclass(frozen=True, kw_only=True)
class ArmStyle:
    """How an arm looks in every chart: a colour, and a shape and a dash that tell it apart without colour."""

    colour: str
    shape: str
    dash: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Some problems of an evaluation set."""

    results: SetResults
    problems: Int[np.ndarray, "num"]

    def scores(self, arm: str, seeds: Sequence[int]) -> Float[np.ndarray, "num_seeds num"]:
        """An arm's scores with these seeds, in this order."""
        runs = {run.run.seed: run for run in self.results.runs[arm]}
        return np.stack([runs[seed].accuracy[self.problems] for seed in seeds])


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """A column of tables: a set, a family, a level, or the plain mean of several sets."""

    title: str
    parts: tuple[Part, ...]

    @property
    def num_problems(self) -> int:
        """Problems in all its parts."""
        return sum(len(part.problems) for part in self.parts)

    def has(self, arm: str) -> bool:
        """Whether the arm was evaluated on all of it."""
        return all(arm in part.results.runs for part in self.parts)

    def seeds(self, arm: str) -> tuple[int, ...]:
        """The seeds with which the arm was evaluated on all of it, in the study's order."""
        found = [{run.run.seed for run in part.results.runs[arm]} for part in self.parts]
        return tuple(run.run.seed for run in self.parts[0].results.runs[arm] if all(run.run.seed in e for e in found))

    def mean(self, arm: str, field: str) -> float:
        """The plain mean over parts of an arm's runs: of accuracy, truncated, unread or num_tokens."""
        return float(np.mean([np.mean([_values(run, field, part) for run in runs]) for part, runs in self._runs(arm)]))

    def num_unscored(self, arm: str) -> int:
        """Attempts that nothing could decide."""
        return sum(int(np.isnan(run.correct[part.problems]).sum()) for part, runs in self._runs(arm) for run in runs)

    def _runs(self, arm: str) -> list[tuple[Part, Sequence[RunScores]]]:
        return [(part, part.results.runs[arm]) for part in self.parts]


class StudyView:
    """A study's results as the report looks at them."""

    def __init__(self, results: StudyResults) -> None:
        self.results = results
        self.study = results.study
        self.baseline = results.plan.baseline

    @cached_property
    def arms(self) -> list[str]:
        """Arms that are shown and have been evaluated somewhere, in the study's order."""
        shown = {run.arm for run in self.results.plan.runs if run.shown}
        done = {arm for cell in self.cells for each in cell.sets.values() for arm in each.runs}
        return [arm for arm in self._planned if arm in shown & done]

    @cached_property
    def _planned(self) -> list[str]:
        """In the order of the study's file, which plan.json keeps; the keys of study.json are sorted."""
        return [arm for arm in {run.arm: None for run in self.results.plan.runs} if arm in self.study.arms]

    @property
    def cells(self) -> list[Cell]:
        """Cells of the axes in which anything was evaluated."""
        return [cell for cell in self.results.cells if cell.sets]

    @property
    def num_seeds(self) -> int:
        """Seeds of the study."""
        return len(self.study.seeds)

    def style(self, arm: str) -> ArmStyle:
        """How an arm looks; the baseline is grey, others take colours in the study's order."""
        if arm == self.baseline:
            return ArmStyle(colour="var(--arm-0)", shape="circle", dash=(1, 0))
        others = [each for each in self._planned if each != self.baseline]
        index = others.index(arm)
        colour = f"var(--arm-{1 + index % (NUM_COLOURS - 1)})"
        return ArmStyle(colour=colour, shape=SHAPES[(index + 1) % len(SHAPES)], dash=DASHES[index % len(DASHES)])

    def arm_of(self, recipe: str) -> str | None:
        """The arm that stands for a recipe: the one of its name, else the first made so."""
        made = [arm for arm in self.arms if self.study.arms[arm].recipe == recipe]
        return recipe if recipe in made else next(iter(made), None)

    @property
    def combinations(self) -> list[str]:
        """Shown arms that combine SFT and RL."""
        return [arm for arm in self.arms if self.study.arms[arm].recipe in COMBINATIONS]

    def overall(self, cell: Cell) -> Column:
        """All problems: of one set their mean, of several sets the plain mean of the sets."""
        title = "all" if len(cell.sets) == 1 else "average"
        return Column(title=title, parts=tuple(whole(each) for each in cell.sets.values()))

    def columns(self, cell: Cell) -> list[Column]:
        """Evaluation sets; of a single set its families."""
        sets = list(cell.sets.values())
        if len(sets) > 1:
            return [Column(title=each.title, parts=(whole(each),)) for each in sets]
        families = families_of(sets[0])
        if len(families) < 2:
            return []
        return [Column(title=name, parts=(Part(results=sets[0], problems=at),)) for name, at in families.items()]

    def levels(self, results: SetResults) -> dict[int, Column]:
        """The problems of each level of a set."""
        return {
            level: Column(title=f"L{level}", parts=(Part(results=results, problems=problems),))
            for level, problems in level_indices(results.levels).items()
        }


def whole(results: SetResults) -> Part:
    """All problems of a set."""
    return Part(results=results, problems=np.arange(len(results.problems)))


def families_of(results: SetResults) -> Mapping[str, Int[np.ndarray, "num"]]:
    """The positions of each family's problems, in the order of their first ones."""
    names = [problem.family for problem in results.problems]
    return {name: np.flatnonzero([each == name for each in names]) for name in dict.fromkeys(names)}


def _values(run: RunScores, field: str, part: Part) -> np.ndarray:
    return getattr(run, field)[part.problems]
