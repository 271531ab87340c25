"""The document that says which training problems stay: by a model's successes or surprise, by length, at random."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from synergy.config.base import Config
from synergy.config.data import DataConfig
from synergy.config.model import ModelConfig
from synergy.config.protocol import ProtocolConfig, ResponseConfig, preset_protocol
from synergy.prompts import get_preset

Count = Annotated[int, Field(gt=0)]
Number = Annotated[int, Field(ge=0)]


class PassCountRule(Config):
    """Problems that the model solves at least and at most so often (2507.07562, section 2.2, drops 8 of 8)."""

    by: Literal["pass_count"]
    """the rule"""
    samples_per_problem: Count = 8
    """attempts at each problem"""
    at_least: Number = 0
    """the fewest correct ones"""
    at_most: Number
    """the most correct ones"""
    response: ResponseConfig
    """how attempts are sampled"""

    @model_validator(mode="after")
    def _is_window(self) -> Self:
        if not self.at_least <= self.at_most <= self.samples_per_problem:
            raise ValueError(
                f"at_least {self.at_least}, at_most {self.at_most} of {self.samples_per_problem} samples; expected a "
                "window inside 0 and the number of samples"
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


class ChooseConfig(Config):
    """One choice among training problems; their demonstrations stay with them."""

    kind: Literal["choose"]
    """the kind of document"""
    seed: Number = 0
    """of everything sampled"""
    model: ModelConfig
    """the model that is asked, by the rules that ask one"""
    data: DataConfig
    """the problems, with demonstrations"""
    prompt: str
    """the prompt preset"""
    rule: Annotated[PassCountRule | PerplexityRule | LengthRule | RandomRule, Field(discriminator="by")]
    """what decides"""
    problems_per_shard: Count = 512
    """problems that are sampled together, the most that a kill loses"""

    @field_validator("prompt")
    @classmethod
    def _prompt_is_known(cls, name: str) -> str:
        return get_preset(name).name

    def protocol(self, rule: PassCountRule) -> ProtocolConfig:
        """The same as evaluation asks."""
        return preset_protocol("choose", self.prompt, rule.response, rule.samples_per_problem)
