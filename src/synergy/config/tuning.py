"""Choosing learning rates for a study's arms, and what was chosen, which the study then starts from by `extends`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.base import Config
from synergy.config.data import DataConfig

Count = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0)]


class StageTuningConfig(Config):
    """The rates that one stage tries."""

    arm: str
    """the arm whose model is measured; its earlier stages have the rates that were chosen for them before"""
    learning_rates: Annotated[tuple[Rate, ...], Field(min_length=2)]
    """peak learning rates"""


class TuneConfig(Config):
    """What is tried: the same number of rates for every stage, measured on the same problems."""

    kind: Literal["tune"]
    """the kind of document"""
    study: Path
    """the study's file, relative to this one"""
    result: Path
    """where the choice is written, relative to this file; the study extends it"""
    seed: Annotated[int, Field(ge=0)] = 1000
    """of the trainings that are tried; none of the study's, so that no rate is chosen by a draw that is reported"""
    stages: Annotated[dict[str, StageTuningConfig], Field(min_length=1)]
    """by stage, in the order in which they are chosen"""
    data: DataConfig
    """the problems that models are chosen by; none that the study evaluates on"""
    num_runs: Count = 1
    """attempts at each problem"""

    @model_validator(mode="after")
    def _budgets_are_equal(self) -> Self:
        numbers = {len(stage.learning_rates) for stage in self.stages.values()}
        if len(numbers) > 1:
            raise ValueError(f"stages try {sorted(numbers)} rates; expected the same number for each")
        return self


class TriedRate(Config):
    """One training that was tried."""

    learning_rate: Rate
    """its peak learning rate"""
    accuracy: Share
    """on the validation problems; an unscored attempt counts as wrong"""
    truncated: Share
    """of its responses, cut off at the token limit"""
    num_tokens: float
    """of a response, on average"""


class TunedStage(Config):
    """What one stage tried."""

    arm: str
    """the arm whose model was measured"""
    tries: tuple[TriedRate, ...]
    """in rising order of the rate"""
    chosen: Rate
    """the rate of the highest accuracy; of equal ones the lowest"""


class TuningConfig(Config):
    """A stored choice: how the learning rates of a study came about."""

    file: str
    """the document that was run: `synergy tune FILE`"""
    seed: int
    """of the trainings"""
    num_problems: Count
    """validation problems"""
    num_runs: Count
    """attempts at each"""
    settings: str
    """hash of the study's settings that rates were chosen under, rates left out"""
    packages: dict[str, str]
    """versions"""
    stages: dict[str, TunedStage]
    """by stage"""
