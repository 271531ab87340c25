"""The document that describes one self-distillation: a model answers problems, what is right becomes training data."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from synergy.config.base import Config
from synergy.config.data import DataConfig
from synergy.config.model import ModelConfig
from synergy.config.protocol import ProtocolConfig, ResponseConfig, preset_protocol
from synergy.prompts import get_preset

Count = Annotated[int, Field(gt=0)]


class DistilConfig(Config):
    """One self-distillation.

    Eureka-Distill (2507.07562, section 2.1): 8 samples, `keep: shortest`, `unsolved: leave_out`. Its data mixing
    (section 3.2): 8 samples, `keep: all`, `unsolved: demonstrate`.
    """

    kind: Literal["distil"]
    """the kind of document"""
    seed: Annotated[int, Field(ge=0)] = 0
    """of everything sampled"""
    model: ModelConfig
    """the model that answers; checkpoint `pocket` is the shipped one"""
    data: DataConfig
    """the problems, and for `unsolved: demonstrate` their demonstrations"""
    prompt: str
    """the prompt preset, whose layout a response must follow to be kept"""
    response: ResponseConfig
    """how responses are sampled"""
    samples_per_problem: Count = 8
    """responses to each problem"""
    keep: Literal["all", "shortest", "first"] = "shortest"
    """which of a problem's correct responses: all, the one with the fewest tokens, or the one sampled first"""
    unsolved: Literal["leave_out", "demonstrate"] = "leave_out"
    """problems without a response to keep: left out, or all their demonstrations are added"""
    problems_per_shard: Count = 512
    """problems that are sampled together, the most that a kill loses"""
    backend: Literal["local", "vllm"] = "local"
    """what samples"""

    @field_validator("prompt")
    @classmethod
    def _prompt_is_known(cls, name: str) -> str:
        return get_preset(name).name

    @model_validator(mode="after")
    def _has_demonstrations(self) -> Self:
        data = self.data
        if self.unsolved == "demonstrate" and data.source != "pocket" and data.trace_column is None:
            raise ValueError(
                "unsolved demonstrate without data.trace_column; expected the column of the demonstrations"
            )
        return self

    @model_validator(mode="after")
    def _samples_differ(self) -> Self:
        if self.samples_per_problem > 1 and self.response.temperature == 0:
            raise ValueError(
                f"samples_per_problem {self.samples_per_problem} at temperature 0, which are all the same; expected a "
                "higher response.temperature, or one sample"
            )
        return self

    @property
    def protocol(self) -> ProtocolConfig:
        """The same as evaluation asks: an answer counts in the preset's form alone, and a cut-off one is wrong."""
        return preset_protocol("distil", self.prompt, self.response, self.samples_per_problem)
