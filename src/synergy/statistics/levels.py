"""Difficulty levels 1 (easiest) … 5 from a reference model's pass count, and grouping by them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from synergy.errors import InputError

#: of 16 samples, the fewest correct ones for levels 1, 2, 3 and 4 (2507.07562, section 2.3)
LEVEL_SIXTEENTHS = (12, 8, 5, 2)


def level_of(num_correct: int, num_samples: int, sixteenths: Sequence[int] = LEVEL_SIXTEENTHS) -> int:
    """The level of a problem; other numbers of samples than 16 are judged by the same shares, exactly.

    `sixteenths` falls: of 16 samples the fewest correct ones for level 1, 2, …; the last level has no such bound.
    """
    if not 0 <= num_correct <= num_samples or num_samples == 0:
        raise InputError(f"{num_correct} correct of {num_samples}; expected 0 <= correct <= samples, samples > 0")
    reached = sum(num_correct * 16 >= fewest * num_samples for fewest in sixteenths)
    return 1 + len(sixteenths) - reached


def level_indices(levels: Sequence[int | None]) -> dict[int, Int[np.ndarray, "problems"]]:
    """The positions of each level's problems, levels ascending; a problem without a level is in none."""
    known = sorted({level for level in levels if level is not None})
    return {level: np.flatnonzero([each == level for each in levels]) for level in known}
