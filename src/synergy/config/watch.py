"""The section that says what is watched while a run trains."""

from typing import Annotated

from pydantic import Field

from synergy.config.base import Config


class DeceptionWatchConfig(Config):
    """Warn where the reward goes on and what it stands for falls behind (`synergy.diagnostics.deception`)."""

    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """how far a quantity may fall behind the one before it in the chain, as a share of 1; ours"""
    false_alarm_rate: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """probability, for a whole run, of a warning though nothing falls behind by more than the tolerance; ours"""
    stop: bool = False
    """end the run at a warning; its model is then that of the last step, or the best one, as `evaluation.keep` says"""


class WatchConfig(Config):
    """What is watched; warnings go to the display and to warnings.json."""

    deception: DeceptionWatchConfig | None = None
    """null does not watch the reward"""
