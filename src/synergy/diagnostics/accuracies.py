"""Accuracy problem by problem, as evaluations have it, and what is drawn over problems to compare two of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from jaxtyping import Float

from synergy.diagnostics.finding import Cell
from synergy.statistics.bootstrap import bootstrap_means

LOW, HIGH = 0.025, 0.975  #: the ends of 95 % intervals


def read_accuracies(folders: Iterable[Path]) -> dict[str, float]:
    """By problem the share of right attempts; an unscored one counts as not right. Folders share no problem."""
    attempts: dict[str, list[bool]] = defaultdict(list)
    for folder in folders:
        table = pq.read_table(folder / "samples.parquet", columns=["problem_id", "status"])
        for problem, status in zip(*(table[name].to_pylist() for name in ("problem_id", "status")), strict=True):
            attempts[problem].append(status == "correct")
    return {problem: float(np.mean(found)) for problem, found in attempts.items()}


def side_by_side(models: Iterable[Mapping[str, float]]) -> Float[np.ndarray, "num_models num_problems"]:
    """The accuracies of several models on the problems that all of them answered, in the order of the first."""
    every = list(models)
    shared = [problem for problem in every[0] if all(problem in each for each in every[1:])]
    return np.array([[each[problem] for problem in shared] for each in every], dtype=np.float64)


def drawn_means(
    scores: Float[np.ndarray, "num_models num_problems"], seed: int
) -> Float[np.ndarray, "num_draws num_models"]:
    """Mean accuracies over problems drawn with replacement, the same ones for all models."""
    return bootstrap_means(scores[:, None, :], seed=seed)


def with_ends(name: str, value: float, draws: Float[np.ndarray, "num_draws"]) -> dict[str, Cell]:
    """A cell with the ends of its interval, as NAME, NAME_low and NAME_high; draws that are NaN do not count."""
    low, high = np.nanquantile(draws, [LOW, HIGH])
    return {name: float(value), f"{name}_low": float(low), f"{name}_high": float(high)}
