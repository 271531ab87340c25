"""Advantages of attempts from rewards; NaN is an unscored attempt, counts in no statistic and gets advantage 0.

Where all scored rewards of a group are equal the advantage is exactly 0, whatever the rounding of their mean.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float

Rewards = Float[np.ndarray, "attempts"]
_Ragged = Float[np.ndarray, "_"]


def all_equal(rewards: Rewards) -> bool:
    """Whether the scored rewards teach nothing by comparison: none, one, or all the same."""
    scored = rewards[~np.isnan(rewards)]
    return len(scored) < 2 or bool((scored == scored[0]).all())


def centred(rewards: Rewards) -> Rewards:
    """Each reward less the mean of the group's scored ones."""
    if all_equal(rewards):
        return np.zeros_like(rewards)
    return np.nan_to_num(rewards - np.nanmean(rewards))


def leave_one_out(rewards: Rewards) -> Rewards:
    """Each reward less the mean of the *other* scored ones: n/(n−1) times `centred` (RLOO, 2402.14740)."""
    num_scored = int((~np.isnan(rewards)).sum())
    return centred(rewards) * (num_scored / max(num_scored - 1, 1))


def normalised(rewards: Sequence[_Ragged], std: Literal["group", "batch", "none"], epsilon: float) -> list[_Ragged]:
    """`centred` over the standard deviation (n − 1) of the group's or all the step's scored rewards, plus ε."""
    if std == "none" or not rewards:
        return [centred(group) for group in rewards]
    everything = np.concatenate(rewards)
    return [_divided(centred(group), group if std == "group" else everything, epsilon) for group in rewards]


def _divided(advantages: Rewards, over: _Ragged, epsilon: float) -> Rewards:
    if not advantages.any():  # and then `over` may have no spread to divide by
        return advantages
    return advantages / (np.nanstd(over, ddof=1) + epsilon)
