"""What a run's metrics.jsonl says of its course: training reward, validation accuracy, how it began."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from synergy.studies.claims.settings import REWARD_WINDOW
from synergy.studies.plan_file import ArmRun
from synergy.studies.results import StudyResults


def train_keys(results: StudyResults, run: ArmRun) -> list[str]:
    """The finished train steps of a run, in order."""
    steps = results.plan.steps
    return [key for key in run.stages.values() if steps[key].kind == "train" and steps[key].done]


def train_values(results: StudyResults, key: str, name: str) -> tuple[list[int], list[float]]:
    """(steps, values) of a metric of training; a line without it, or with null, is left out."""
    lines = [line for line in results.metrics(key) if line["kind"] == "train" and line.get(name) is not None]
    return [line["step"] for line in lines], [line[name] for line in lines]


def reward_and_accuracy(
    results: StudyResults, key: str
) -> tuple[Float[np.ndarray, "num_evaluations"], Float[np.ndarray, "num_evaluations"]]:
    """At each evaluation after the first training step: mean reward of the steps before it, and validation accuracy."""
    steps, rewards = train_values(results, key, "reward/mean")
    pairs = []
    for line in results.metrics(key):
        accuracy = line.get("evaluation/accuracy")
        if line["kind"] == "evaluation" and accuracy is not None:
            recent = [reward for step, reward in zip(steps, rewards, strict=True) if step <= line["step"]]
            if recent:
                pairs.append((np.mean(recent[-REWARD_WINDOW:]), accuracy))
    found = np.array(pairs, dtype=float).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def fall_from_peak(values: Sequence[float]) -> float:
    """How far a curve, smoothed over a tenth of it, ends below its peak as a share of that; 0 for no peak above 0."""
    if not values:
        return 0.0
    width = max(1, len(values) // 10)
    smooth = np.convolve(values, np.full(width, 1 / width), mode="valid")
    peak = float(smooth.max())
    return (peak - float(smooth[-1])) / peak if peak > 0 else 0.0
