"""A higher training reward does not mean a higher accuracy.

Spearman's correlation over a run's checkpoints of the training reward (mean of the steps before) and the accuracy on
validation problems, pooled over runs by Fisher's z; standard errors by Bonett and Wright (2000) with the number of
checkpoints that Bartlett's (1935) formula leaves when neighbours resemble each other. The paper's own statistic is not
known; this one is ours.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr
from scipy.stats import spearmanr

from synergy.statistics.bootstrap import MIN_SEEDS
from synergy.studies.claims.claim import THIRD, Claim, Detail, Evidence, LackingError
from synergy.studies.claims.curves import reward_and_accuracy, train_keys
from synergy.studies.claims.settings import MIN_EVALUATIONS, NO_REWARD_CORRELATION
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    keys = {
        key: run for run in results.plan.runs if run.recipe == "rl" and run.shown for key in train_keys(results, run)
    }
    if not keys:
        raise LackingError("a finished arm of recipe rl")
    curves = {run.arm + f", seed {run.seed}": reward_and_accuracy(results, key) for key, run in keys.items()}
    usable = {name: pair for name, pair in curves.items() if len(pair[0]) >= MIN_EVALUATIONS and _varies(pair)}
    if not usable:
        raise LackingError(f"an RL run with at least {MIN_EVALUATIONS} evaluations while training")
    found = [(_spearman(*pair), _effective(*pair)) for pair in usable.values()]
    z, error = _pooled(found)
    bound = math.atanh(NO_REWARD_CORRELATION)
    return Evidence(
        estimate=math.tanh(z),
        low=math.tanh(z - 1.96 * error),
        high=math.tanh(z + 1.96 * error),
        p_false=float(ndtr((z - bound) / error)),
        p_true=float(ndtr(-z / error)),
        unit="rank correlation",
        num_seeds=len({keys[key].seed for key in keys}),
        details=tuple(_detail(name, rho) for name, (rho, _) in zip(usable, found, strict=True)),
        note=f"refuted above 0, supported below {NO_REWARD_CORRELATION:g}, a bound of ours",
    )


def _detail(name: str, rho: float) -> Detail:
    return name, rho, None, None


def _varies(pair: tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]) -> bool:
    return all(len(set(values.tolist())) > 1 for values in pair)


def _spearman(reward: Float[np.ndarray, "n"], accuracy: Float[np.ndarray, "n"]) -> float:
    return float(np.clip(spearmanr(reward, accuracy).statistic, -0.999, 0.999))


def _effective(reward: Float[np.ndarray, "n"], accuracy: Float[np.ndarray, "n"]) -> float:
    """How many independent checkpoints there are: n (1 − ab) / (1 + ab) for autocorrelations a and b at lag one."""
    both = max(0.0, _lag_one(reward)) * max(0.0, _lag_one(accuracy))
    return len(reward) * (1 - both) / (1 + both)


def _lag_one(values: Float[np.ndarray, "n"]) -> float:
    centred = values - values.mean()
    return float((centred[1:] * centred[:-1]).sum() / (centred**2).sum())


def _pooled(found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Fisher's z over runs, weighted by what each run is worth, and its standard error; runs that differ widen it."""
    worth = np.array([max(number - 3, 0.1) / (1 + rho**2 / 2) for rho, number in found])
    z = np.arctanh([rho for rho, _ in found])
    mean, error = float((worth * z).sum() / worth.sum()), float(1 / np.sqrt(worth.sum()))
    between = float(z.std(ddof=1) / np.sqrt(len(z))) if len(z) >= MIN_SEEDS else 0.0
    return mean, max(error, between)


CLAIM = Claim(
    name="reward_is_not_accuracy",
    source=f"{THIRD}, abstract; the statistic is ours",
    statement="Over the checkpoints of an RL run, training reward does not go with accuracy on validation problems.",
    needs=("rl", "evaluations while training"),
    judge=_judge,
)
