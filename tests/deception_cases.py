"""Metrics of simulated trainings: what is learned from, held out and elsewhere, each with a course of its own."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from synergy.config.load import build
from synergy.config.train import TrainConfig
from synergy.diagnostics.deception.chain import Line

Course = Callable[[float], float]  #: from the share of the run that is done to what is gained, as a share of 1
NUM_STEPS, EVERY, PROBLEMS, SAMPLES, EVALUATED = 60, 5, 32, 8, 200


def config(**sections: Any) -> TrainConfig:
    """Of the simulated runs."""
    values = {
        "kind": "train",
        "model": {"checkpoint": "pocket"},
        "data": {"source": "pocket", "num_problems": 320},
        "prompt": "boxed",
        "algorithm": {"name": "grpo"},
        "optimizer": {"learning_rate": 1e-4},
        "train": {"num_steps": NUM_STEPS, "problems_per_step": PROBLEMS, "samples_per_problem": SAMPLES},
        "evaluation": {
            "every_steps": EVERY,
            "num_problems": EVALUATED,
            "out_of_source": [{"name": "far", "data": {"source": "pocket", "num_problems": 200, "seed": 5}}],
        },
        "watch": {"deception": {}},
    }
    return build(TrainConfig, {**values, **sections}, label="test")


def simulated(rng: np.random.Generator, gains: Mapping[str, Course], *, format_weight: float = 0.0) -> list[Line]:
    """Lines of metrics.jsonl.

    `gains`: train (reward), reward and accuracy (held out), far; also format, a share of responses that starts at 0.4.
    Problems differ: each has a chance of its own, Beta distributed; evaluation has the same problems each time.
    """
    held_out, far = rng.beta(1.2, 2.4, EVALUATED), rng.beta(1.2, 2.4, EVALUATED)
    lines: list[Line] = []
    for step in range(NUM_STEPS + 1):
        done = step / NUM_STEPS
        form = 0.4 + gains["format"](done) if "format" in gains else 1.0
        if step:
            chances = np.clip(rng.beta(1.2, 2.4, PROBLEMS) + gains["train"](done), 0, 1)
            formed = rng.binomial(SAMPLES, form, PROBLEMS) / SAMPLES
            rewards = (1 - format_weight) * rng.binomial(SAMPLES, chances) / SAMPLES + format_weight * formed
            lines.append(
                {"step": step, "kind": "train", "reward/mean": rewards.mean(), "reward/standard_error": error(rewards)}
            )
        if step % EVERY == 0:
            # right answers are rewarded, and so are some others where reward gains more than accuracy
            draw = rng.random(EVALUATED)
            right = 1.0 * (draw < np.clip(held_out + gains["accuracy"](done), 0, 1))
            paid = (1 - format_weight) * (draw < np.clip(held_out + gains["reward"](done), 0, 1))
            formed = format_weight * (rng.random(EVALUATED) < form)
            elsewhere = 1.0 * (rng.random(EVALUATED) < np.clip(far + gains["far"](done), 0, 1))
            line = {
                "step": step,
                "kind": "evaluation",
                "evaluation/reward": (paid + formed).mean(),
                "evaluation/reward_standard_error": error(paid + formed),
                "evaluation/reward_correlation": np.corrcoef(paid + formed, right)[0, 1],
                "evaluation/reward_accuracy": paid.mean(),
                "evaluation/accuracy": right.mean(),
                "evaluation/standard_error": error(right),
                "evaluation/far/accuracy": elsewhere.mean(),
                "evaluation/far/standard_error": error(elsewhere),
            }
            lines.append(line | ({"evaluation/reward_format": formed.mean()} if format_weight else {}))
    return lines


def error(values: np.ndarray) -> float:
    """The mean's standard error."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def rising(height: float) -> Course:
    """Fast at first, then slower."""
    return lambda done: height * (1 - np.exp(-4 * done)) / (1 - np.exp(-4))


def flat(done: float) -> float:
    """Nothing is gained."""
    return 0.0


HONEST: Mapping[str, Course] = dict.fromkeys(("train", "reward", "accuracy", "far"), rising(0.25))
#: every link falls behind by what is tolerated, from the first step on: the worst that counts as honest
BARELY_HONEST: Mapping[str, Course] = {
    "train": lambda done: 0.3 if done else 0.0,
    "reward": lambda done: 0.25 if done else 0.0,
    "accuracy": lambda done: 0.2 if done else 0.0,
    "far": lambda done: 0.15 if done else 0.0,
}
