"""Every arm's difference to another, by column of a table, paired by problem and by seed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from synergy.report.view import Column
from synergy.statistics.bootstrap import (
    NUM_DRAWS,
    BootstrapDifference,
    as_scores,
    bootstrap_means,
    problem_share,
    seed_deviations,
)

SEED = 0  #: of the bootstrap; the same study makes the same page


def gains_over(baseline: str, arms: Sequence[str], column: Column) -> Mapping[str, BootstrapDifference]:
    """How much each arm exceeds `baseline`, over the seeds that both have; arms without any are left out.

    Of a column of several sets the plain mean of their differences: problems are drawn set by set, seeds go together.
    For one set the same as `statistics.bootstrap.paired_difference`.
    """
    if not column.has(baseline):
        return {}
    shared: defaultdict[tuple[int, ...], list[str]] = defaultdict(list)
    for arm in arms:
        if arm != baseline and column.has(arm):
            have = set(column.seeds(baseline))
            shared[tuple(seed for seed in column.seeds(arm) if seed in have)].append(arm)
    found: dict[str, BootstrapDifference] = {}
    for seeds, group in shared.items():
        if seeds:
            found |= _differences(baseline, group, column, seeds)
    return {arm: found[arm] for arm in arms if arm in found}


def _differences(
    baseline: str, arms: Sequence[str], column: Column, seeds: Sequence[int]
) -> dict[str, BootstrapDifference]:
    stacks = [as_scores([part.scores(arm, seeds) for arm in (*arms, baseline)]) for part in column.parts]
    means = [bootstrap_means(stack, seed=SEED + index) for index, stack in enumerate(stacks)]
    return {arm: _difference([stack[[at, -1]] for stack in stacks], means, at) for at, arm in enumerate(arms)}


def _difference(
    pairs: Sequence[Float[np.ndarray, "2 num_seeds num_problems"]],
    means: Sequence[Float[np.ndarray, "num_draws num_arms"]],
    at: int,
) -> BootstrapDifference:
    estimates = [float(pair[0].mean() - pair[1].mean()) for pair in pairs]
    of_problems = np.zeros(NUM_DRAWS)
    for pair, drawn, estimate in zip(pairs, means, estimates, strict=True):
        of_problems += problem_share(pair) * (drawn[:, at] - drawn[:, -1] - estimate) / len(pairs)
    by_set = np.stack([pair.mean(axis=2) for pair in pairs], axis=2)
    estimate = float(np.mean(estimates))
    draws = estimate + of_problems + seed_deviations(by_set, seed=SEED, num_draws=NUM_DRAWS)
    return BootstrapDifference(estimate=estimate, draws=np.sort(draws))
