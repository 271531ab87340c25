"""All that a study has on some arms, paired by problem and seed: overall, by level, and the trend over levels.

Where a study has axes, a claim that is not about them is judged on the mean over their cells. Every statistic is linear
in scores, so it is the mean over problems of scores times weights, and one bootstrap serves all arms. *Overall* is the
mean of the evaluation sets' means, as the first study's average is; a *level* is the mean over its problems; the
*trend* is the slope of least squares of the levels' means over the level.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from synergy.errors import InputError
from synergy.studies.claims.claim import LackingError
from synergy.studies.claims.sets import Role, sets_of
from synergy.studies.claims.settings import MIN_LEVEL_PROBLEMS
from synergy.studies.claims.weighted import Weighted
from synergy.studies.results import Cell, RunScores, SetResults, StudyResults

Measure = Literal["accuracy", "log_tokens"]

_MEASURES: Mapping[Measure, Callable[[RunScores], Float[np.ndarray, "num_problems"]]] = {
    "accuracy": lambda run: run.accuracy,
    "log_tokens": lambda run: np.log(np.maximum(run.num_tokens, 1)).mean(axis=1),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """The values of arms in every cell."""

    arms: tuple[str, ...]
    values: Float[np.ndarray, "num_cells num_arms num_seeds num_problems"]
    levels: Int[np.ndarray, "num_cells num_problems"]  #: 0 where there is none
    set_sizes: tuple[int, ...]  #: problems of each evaluation set, one set after the other
    _made: dict[str, Weighted]

    @property
    def known_levels(self) -> list[int]:
        """Levels with enough problems (`settings.MIN_LEVEL_PROBLEMS`) to say anything of."""
        found, counts = np.unique(self.levels, return_counts=True)
        enough = found[counts >= MIN_LEVEL_PROBLEMS * len(self.levels)]
        return sorted({int(level) for level in enough} - {0})

    @property
    def overall(self) -> Weighted:
        """The mean of the sets' means."""
        weights = np.concatenate([np.full(size, 1 / size) for size in self.set_sizes]) / len(self.set_sizes)
        return self._weighted("overall", np.tile(weights / len(self.values), (len(self.values), 1)))

    def level(self, level: int) -> Weighted:
        """The mean over the problems of a level."""
        members = self.levels == level
        return self._weighted(f"level {level}", members / members.sum())

    @property
    def trend(self) -> Weighted:
        """By how much the mean rises from a level to the next."""
        levels = self.known_levels
        centred = np.array(levels) - np.mean(levels)
        weights = np.zeros(self.levels.shape)
        for level, coefficient in zip(levels, centred / (centred**2).sum(), strict=True):
            members = self.levels == level
            weights += coefficient * members / members.sum()
        return self._weighted("trend", weights)

    def _weighted(self, name: str, weights: Float[np.ndarray, "num_cells num_problems"]) -> Weighted:
        if name not in self._made:
            used = np.flatnonzero(weights.any(axis=0))
            scores = np.einsum("casn,cn->asn", self.values[..., used], weights[:, used]) * len(used)
            self._made[name] = Weighted(arms=self.arms, scores=scores)
        return self._made[name]


def pool(
    results: StudyResults,
    arms: Sequence[str],
    *,
    role: Role = "main",
    measure: Measure = "accuracy",
    where: tuple[str, str] | None = None,
) -> Pool:
    """The pool of these arms, and of all others that have what these share; raises LackingError.

    `where` keeps the cells with that label on that axis.
    """
    names = sets_of(results, role)
    cells = [cell for cell in results.cells if where is None or cell.axes.get(where[0]) == where[1]]
    present = {arm: _present(cells, names, arm) for arm in {**dict.fromkeys(arms), **_all_arms(cells, names)}}
    shared_cells = [index for index in range(len(cells)) if all(present[arm][index] for arm in arms)]
    if not shared_cells:
        never = [arm for arm in arms if not any(present[arm])] or arms
        raise LackingError(*(f"evaluations of arm {arm} ({', '.join(names)})" for arm in never))
    seeds = set.intersection(*(present[arm][index] for arm in arms for index in shared_cells))
    if not seeds:
        raise LackingError(f"a seed that arms {', '.join(arms)} share")
    companions = [arm for arm, found in present.items() if all(found[index] >= seeds for index in shared_cells)]
    chosen = tuple(cells[index].axes.items() for index in shared_cells)
    ordered = tuple(seed for seed in results.study.seeds if seed in seeds)
    return _read(results, tuple(sorted(companions)), tuple(names), measure, tuple(map(tuple, chosen)), ordered)


def needs_levels(found: Pool) -> list[int]:
    """Its levels, at least two; raises LackingError."""
    if len(found.known_levels) < 2:
        raise LackingError(f"two levels of difficulty with at least {MIN_LEVEL_PROBLEMS} problems each")
    return found.known_levels


@lru_cache(maxsize=32)
def _read(
    results: StudyResults,
    arms: tuple[str, ...],
    names: tuple[str, ...],
    measure: Measure,
    axes: tuple[tuple[tuple[str, str], ...], ...],
    seeds: tuple[int, ...],
) -> Pool:
    cells = [cell for cell in results.cells if tuple(cell.axes.items()) in axes]
    _check_same_problems(cells, names)
    values = np.stack([_values(cell, names, arms, measure, seeds) for cell in cells])
    levels = [[level or 0 for name in names for level in cell.sets[name].levels] for cell in cells]
    sizes = tuple(len(cells[0].sets[name].problems) for name in names)
    return Pool(arms=arms, values=values, levels=np.array(levels), set_sizes=sizes, _made={})


def _values(
    cell: Cell, names: Sequence[str], arms: Sequence[str], measure: Measure, seeds: Sequence[int]
) -> Float[np.ndarray, "num_arms num_seeds num_problems"]:
    of = _MEASURES[measure]

    def one(arm: str, seed: int) -> Float[np.ndarray, "num_problems"]:
        runs = [next(run for run in _runs(cell.sets[name], arm) if run.run.seed == seed) for name in names]
        return np.concatenate([of(run) for run in runs])

    return np.array([[one(arm, seed) for seed in seeds] for arm in arms])


def _runs(found: SetResults, arm: str) -> list[RunScores]:
    return [run for run in found.runs.get(arm, ()) if run.run.shown]


def _all_arms(cells: Sequence[Cell], names: Sequence[str]) -> dict[str, None]:
    return {arm: None for cell in cells for name in names if name in cell.sets for arm in cell.sets[name].runs}


def _present(cells: Sequence[Cell], names: Sequence[str], arm: str) -> list[set[int]]:
    """By cell, the seeds with which an arm is evaluated on all these sets."""
    return [
        set.intersection(
            *({run.run.seed for run in _runs(cell.sets[name], arm)} if name in cell.sets else set() for name in names)
        )
        for cell in cells
    ]


def _check_same_problems(cells: Sequence[Cell], names: Sequence[str]) -> None:
    for name in names:
        found = {tuple(problem.id for problem in cell.sets[name].problems) for cell in cells}
        if len(found) > 1:
            raise InputError(f"evaluation set {name} has other problems in other cells; expected the same in all")
