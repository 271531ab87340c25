"""Plug-in reward functions: opened once, called for a step's attempts, their numbers checked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import SupportsFloat

from synergy.config.reward import RewardFunctionConfig
from synergy.grading.rewards.plugin_calls import CALLS, Call, Called
from synergy.grading.rewards.plugin_file import load_function, told_in_one_line


@dataclass(frozen=True, kw_only=True)
class RewardFunction:
    """A term of the reward that a user's own code computes."""

    label: str  #: in errors: its path
    part: str  #: in metrics and rollouts
    weight: float
    call: Call

    def values(self, called: Sequence[Called], step: int) -> list[float | None]:
        """A number per attempt without the weight, None where the term does not apply.

        Raises InputError where the function raises, returns too few or too many values, or something that is no
        finite number.
        """
        if not called:
            return []
        with told_in_one_line(self.label, "failed", "a value per attempt"):
            found = self.call(called, step)
            return [None if value is None else _finite(value) for value in found]


def open_function(config: RewardFunctionConfig) -> RewardFunction:
    """Load and check a function; raises FileError or InputError, each one line."""
    function, module = load_function(config.file, config.function)
    call = CALLS[config.call](function, config.path, config.kwargs, module)
    return RewardFunction(label=config.path, part=config.part, weight=config.weight, call=call)


def _finite(value: object) -> float:
    """The number, or a ValueError, which names the function further up; a scalar of numpy or torch is one too."""
    if isinstance(value, str) or not isinstance(value, SupportsFloat):
        raise ValueError(f"it returned {str(value)[:40]!r}, not a number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"it returned {number}, not a finite number")
    return number
