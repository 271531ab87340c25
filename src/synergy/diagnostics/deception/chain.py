"""One training's rewards and accuracies by checkpoint, all as shares of 1, from the lines of its metrics.jsonl.

Rewards are divided by what a perfect answer earns, so that they and accuracies have one scale.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from synergy.config.reward import RewardConfig
from synergy.config.train import TrainConfig

FORMAT = "format"  #: the reward's part that says nothing of the answer
_PART = "evaluation/reward_"  #: before a part's name
_NO_PARTS = frozenset({"perception", "cognition", "gated_fraction", "standard_error", "correlation"})
Line = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantity:
    """A mean of values in [0, 1], measured at several checkpoints."""

    values: Float[np.ndarray, "num"]
    variances: Float[np.ndarray, "num"]  #: of the means, over problems


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """What was measured of one training, from its reward outwards."""

    steps: Int[np.ndarray, "num_checks"]  #: of the evaluations, the first one before training
    train_reward: Quantity  #: [num_checks − 1] attempts trained on between one evaluation and the next
    reward: Quantity  #: [num_checks] held-out problems of the same source
    accuracy: Quantity  #: [num_checks] the same attempts, graded
    ahead_variances: Float[np.ndarray, "num_checks"]  #: of held-out reward less accuracy
    elsewhere: Quantity | None  #: [num_checks] accuracy over other sources, each counted alike; None for none
    parts: Mapping[str, Float[np.ndarray, "num_checks"]]  #: the held-out reward's named parts, weights included
    num_planned: int  #: evaluations of the whole run after the first


def reward_scale(config: RewardConfig) -> float:
    """What a perfect answer earns. A plug-in is taken to give at most 1, as its convention has it (ours)."""
    shaped = config.cosine.max_correct if config.cosine else 0.0
    earned = [config.accuracy, config.format, shaped, *(each.weight for each in config.functions)]
    return sum(max(0.0, each) for each in earned)


def make_chain(lines: Sequence[Line], config: TrainConfig) -> Chain | None:
    """From metrics in the order of steps; None where there are not yet two evaluations with rewards between them."""
    section = config.evaluation
    evaluations = [line for line in lines if line["kind"] == "evaluation" and _has(line, "evaluation/reward")]
    trained = [line for line in lines if line["kind"] == "train" and _has(line, "reward/mean")]
    bounds = [int(line["step"]) for line in evaluations]
    between = [[line for line in trained if start < line["step"] <= end] for start, end in pairwise(bounds)]
    if section is None or not between or not all(between):
        return None
    scale = reward_scale(config.reward)
    loop = config.train

    def counts(num_problems: int) -> Float[np.ndarray, "num"]:
        return np.full(len(evaluations), float(num_problems))

    def evaluated(name: str, error: str, scale: float, num_problems: int) -> Quantity:
        values, errors = _column(evaluations, name) / scale, _column(evaluations, error) / scale
        return _quantity(values, errors, counts(num_problems))

    reward = evaluated("evaluation/reward", "evaluation/reward_standard_error", scale, section.num_problems)
    accuracy = evaluated("evaluation/accuracy", "evaluation/standard_error", 1.0, section.num_problems)
    shared = np.nan_to_num(_column(evaluations, "evaluation/reward_correlation"))
    ahead = reward.variances + accuracy.variances - 2 * shared * np.sqrt(reward.variances * accuracy.variances)
    others = [
        evaluated(f"evaluation/{each.name}/accuracy", f"evaluation/{each.name}/standard_error", 1.0, each.num_problems)
        for each in section.out_of_source
        if all(_has(line, f"evaluation/{each.name}/accuracy") for line in evaluations)
    ]
    return Chain(
        steps=np.array(bounds),
        train_reward=_quantity(
            np.array([_column(part, "reward/mean").mean() for part in between]) / scale,
            np.array([_error(part) for part in between]) / scale,
            np.array([float(loop.problems_per_step * len(part)) for part in between]),
        ),
        reward=reward,
        accuracy=accuracy,
        ahead_variances=np.maximum(ahead, _least(counts(section.num_problems))),
        elsewhere=_mean(others),
        parts={
            name: np.nan_to_num(_column(evaluations, f"{_PART}{name}")) / scale
            for name in (key.removeprefix(_PART) for key in evaluations[0] if key.startswith(_PART))
            if name not in _NO_PARTS
        },
        num_planned=-(-loop.num_steps // section.every_steps),
    )


def read_lines(path: Path) -> list[Line]:
    """The whole lines of a metrics.jsonl; none where it is missing."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1] == "\n"]


def _has(line: Line, name: str) -> bool:
    value = line.get(name)
    return value is not None and isfinite(value)


def _column(lines: Sequence[Line], name: str) -> Float[np.ndarray, "num"]:
    """A metric by line, NaN where it is missing."""
    return np.array([line.get(name) if _has(line, name) else np.nan for line in lines], dtype=np.float64)


def _error(lines: Sequence[Line]) -> float:
    """The standard error of the mean of steps' mean rewards."""
    return float(np.sqrt((_column(lines, "reward/standard_error") ** 2).sum())) / len(lines)


def _quantity(
    values: Float[np.ndarray, "num"], errors: Float[np.ndarray, "num"], num_problems: Float[np.ndarray, "num"]
) -> Quantity:
    """With the variances that were measured, else the largest that means over so many problems can have, v (1 − v) / n.

    One success and one failure are added there.
    """
    share = (np.clip(values, 0, 1) * num_problems + 1) / (num_problems + 2)
    largest = share * (1 - share) / num_problems
    found = np.where(np.isnan(errors), largest, errors**2)
    return Quantity(values=values, variances=np.maximum(found, _least(num_problems)))


def _least(num_problems: Float[np.ndarray, "num"]) -> Float[np.ndarray, "num"]:
    """No variance is below that of v = 0 with one success and one failure added."""
    return (num_problems + 1) / (num_problems + 2) ** 2 / num_problems


def _mean(quantities: Sequence[Quantity]) -> Quantity | None:
    if not quantities:
        return None
    return Quantity(
        values=np.mean([each.values for each in quantities], axis=0),
        variances=np.sum([each.variances for each in quantities], axis=0) / len(quantities) ** 2,
    )
