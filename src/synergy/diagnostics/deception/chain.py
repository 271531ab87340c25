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
Line = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantity:
    """A mean of values in [0, 1], measured at several checkpoints."""

    values: Float[np.ndarray, "num"]
    variances: Float[np.ndarray, "num"]  #: of the means, by problems


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """What was measured of one training, from its reward outwards."""

    steps: Int[np.ndarray, "num_checks"]  #: of the evaluations, the first one before training
    train_reward: Quantity  #: [num_checks − 1] attempts trained on between one evaluation and the next
    reward: Quantity  #: [num_checks] held-out problems of the same source
    accuracy: Quantity  #: [num_checks] the same attempts, graded
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
    attempts, per_problem = config.train.problems_per_step, section.samples_per_problem

    def evaluated(name: str, scale: float, num_problems: int) -> Quantity:
        area, _, _ = name.rpartition("/")
        counts = [line.get(f"{area}/num_attempts", num_problems * per_problem) / per_problem for line in evaluations]
        return _quantity([line[name] / scale for line in evaluations], counts)

    names = [key.removeprefix("evaluation/reward_") for key in evaluations[0] if key.startswith("evaluation/reward_")]
    labels = {"perception", "cognition", "gated_fraction"}
    return Chain(
        steps=np.array(bounds),
        train_reward=_quantity(
            [float(np.mean([line["reward/mean"] for line in part])) / scale for part in between],
            [attempts * len(part) for part in between],
        ),
        reward=evaluated("evaluation/reward", scale, section.num_problems),
        accuracy=evaluated("evaluation/accuracy", 1.0, section.num_problems),
        elsewhere=_mean(
            [
                evaluated(f"evaluation/{each.name}/accuracy", 1.0, each.num_problems)
                for each in section.out_of_source
                if all(_has(line, f"evaluation/{each.name}/accuracy") for line in evaluations)
            ]
        ),
        parts={
            name: np.array([line.get(f"evaluation/reward_{name}") or 0.0 for line in evaluations]) / scale
            for name in names
            if name not in labels
        },
        num_planned=-(-config.train.num_steps // section.every_steps),
    )


def read_lines(path: Path) -> list[Line]:
    """The whole lines of a metrics.jsonl; none where it is missing."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1] == "\n"]


def _has(line: Line, name: str) -> bool:
    value = line.get(name)
    return value is not None and isfinite(value)


def _quantity(values: Sequence[float], num_problems: Sequence[float]) -> Quantity:
    """With the largest variance that a mean over so many problems can have, v (1 − v) / n, one success and one failure
    added: an upper bound, as attempts at one problem are alike and what is in between varies less."""
    found, counts = np.array(values, dtype=np.float64), np.array(num_problems, dtype=np.float64)
    share = (np.clip(found, 0, 1) * counts + 1) / (counts + 2)
    return Quantity(values=found, variances=share * (1 - share) / counts)


def _mean(quantities: Sequence[Quantity]) -> Quantity | None:
    if not quantities:
        return None
    return Quantity(
        values=np.mean([each.values for each in quantities], axis=0),
        variances=np.sum([each.variances for each in quantities], axis=0) / len(quantities) ** 2,
    )
