"""Rules that say which problems stay, by asking a model or without, and the document of one such choice."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.asking_model import AskingModel
from synergy.config.base import Config
from synergy.config.data import DataConfig
from synergy.config.model import ModelConfig
from synergy.config.protocol import ResponseConfig

Count = Annotated[int, Field(gt=0)]
Number = Annotated[int, Field(ge=0)]
Difficulty = Literal["easy", "medium", "hard"]


class SamplingRule(Config):
    """What rules share that count a model's right answers."""

    samples_per_problem: Count = 8
    """attempts at each problem"""
    response: ResponseConfig
    """how attempts are sampled"""

    @model_validator(mode="after")
    def _samples_differ(self) -> Self:
        if self.samples_per_problem > 1 and self.response.temperature == 0:
            raise ValueError(
                f"samples_per_problem {self.samples_per_problem} at temperature 0, which are all the same; expected a "
                "higher response.temperature, or one sample"
            )
        return self


class PassCountRule(SamplingRule):
    """Problems that the model solves at least and at most so often (2507.07562, section 2.2, drops 8 of 8)."""

    by: Literal["pass_count"]
    """the rule"""
    at_least: Number = 0
    """the fewest correct ones"""
    at_most: Number
    """the most correct ones"""

    @model_validator(mode="after")
    def _is_window(self) -> Self:
        if not self.at_least <= self.at_most <= self.samples_per_problem:
            raise ValueError(
                f"at_least {self.at_least}, at_most {self.at_most} of {self.samples_per_problem} samples; expected a "
                "window inside 0 and the number of samples"
            )
        return self


class DifficultyRule(SamplingRule):
    """Problems that are easy (all attempts right), hard (none) or medium; 2602.10815 keeps medium, or easy and medium.

    There: 8 samples at temperature 0.9.
    """

    by: Literal["difficulty"]
    """the rule"""
    keep: Annotated[tuple[Difficulty, ...], Field(min_length=1)] = ("medium",)
    """which stay"""


class BlindRule(SamplingRule):
    """Problems that the model does not solve without seeing; those that have no picture stay and are not asked."""

    by: Literal["blind"]
    """the rule"""
    picture: Literal["left_out", "blank"] = "left_out"
    """what is shown: no picture at all, or an even grey one of the same size"""
    at_most: Number = 0
    """the most correct ones of a problem that stays. Of options a guess is often right: compare with chance"""

    @model_validator(mode="after")
    def _is_window(self) -> Self:
        if self.at_most >= self.samples_per_problem:
            raise ValueError(
                f"at_most {self.at_most} of {self.samples_per_problem} samples, which all problems have; expected less"
            )
        return self


class PerplexityRule(Config):
    """Problems whose demonstrations the model finds most, or least, surprising (2504.11468, section 3.1: the highest).

    Perplexity is exp of minus the mean log-probability of the response's tokens, trace, answer and layout.
    """

    by: Literal["perplexity"]
    """the rule"""
    side: Literal["highest", "lowest"] = "highest"
    """which end of the order is kept"""
    num_problems: Count
    """how many are kept"""
    also: Annotated[tuple[ModelConfig, ...], Field(exclude_if=lambda also: not also)] = ()
    """further models: what counts is the mean of all models' perplexities. The study averages Qwen2-VL-2B's and
    Qwen2.5-VL-3B's"""


class LengthRule(Config):
    """Problems whose demonstrations are the shortest, or the longest (2510.01624's instance-level choices).

    The length is that of a problem's first trace in characters (ours: so no model has to read it).
    """

    by: Literal["length"]
    """the rule"""
    side: Literal["shortest", "longest"]
    """which end of the order is kept"""
    num_problems: Count
    """how many are kept"""


class RandomRule(Config):
    """So many problems at random, by the section's seed: what other choices of as many are compared with."""

    by: Literal["random"]
    """the rule"""
    num_problems: Count
    """how many are kept"""


#: rules that ask a model, told apart by `by`
AskingRule = PassCountRule | DifficultyRule | BlindRule | PerplexityRule


class ChooseConfig(AskingModel):
    """One choice among training problems; their demonstrations stay with them."""

    kind: Literal["choose"]
    """the kind of document"""
    data: DataConfig
    """the problems, with demonstrations"""
    rule: Annotated[AskingRule | LengthRule | RandomRule, Field(discriminator="by")]
    """what decides"""
