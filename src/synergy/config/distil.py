"""The document that describes one distillation: a model answers problems, what is right becomes training data."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.asking_model import AskingModel, Backend
from synergy.config.base import Config
from synergy.config.data import DataConfig
from synergy.config.protocol import ProtocolConfig, ResponseConfig, preset_protocol

Count = Annotated[int, Field(gt=0)]
Keep = Literal["all", "shortest", "longest", "random", "first"]


class TrimConfig(Config):
    """Cuts a trace off where it begins to doubt itself (2503.17352; which cues and where exactly is ours).

    All from the first sentence that begins with a cue goes. What is left has to reach the answer: read as a whole
    response, in whatever dress, it has to be right; else the response is not kept.
    """

    cues: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)] = (
        "Wait",
        "But wait",
        "But the question",
    )
    """how such a sentence begins, in any case and as whole words"""


class DistilConfig(AskingModel):
    """One distillation: of the model that is to be trained, or of a teacher.

    Eureka-Distill (2507.07562, section 2.1): 8 samples, `keep: shortest`, `unsolved: leave_out`. Its data mixing
    (section 3.2): 8 samples, `keep: all`, `unsolved: demonstrate`. OpenVLThinker (2503.17352): 4 samples,
    `keep: shortest`, `trim: {}`.
    """

    kind: Literal["distil"]
    """the kind of document"""
    data: DataConfig
    """the problems, and for `unsolved: demonstrate` their demonstrations"""
    response: ResponseConfig
    """how responses are sampled; kept ones follow the prompt preset's layout"""
    samples_per_problem: Count = 8
    """responses to each problem"""
    keep: Keep = "shortest"
    """which of a problem's correct responses: all, the one with the fewest or the most tokens, one at random (by
    `seed` and the problem's id), or the one sampled first"""
    unsolved: Literal["leave_out", "demonstrate"] = "leave_out"
    """problems without a response to keep: left out, or all their demonstrations are added"""
    trim: Annotated[TrimConfig | None, Field(exclude_if=lambda trim: trim is None)] = None
    """cut reflections off; null leaves traces whole"""
    validation_share: Annotated[float, Field(ge=0, lt=1), Field(exclude_if=lambda share: not share)] = 0.0
    """about so many of the problems, by a hash of their ids, go to validation.parquet instead; Eureka-Distill has
    0.7k beside 34k, how they were drawn is not said"""
    backend: Backend = "local"
    """what samples"""

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
