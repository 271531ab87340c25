"""The section of a model that is asked about problems, which choosing, filtering and distilling share."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from synergy.config.base import Config
from synergy.config.model import ModelConfig
from synergy.config.sampling import EndpointConfig
from synergy.prompts import get_preset

Count = Annotated[int, Field(gt=0)]
Backend = Literal["local", "vllm", "endpoint"]


class AskingModel(Config):
    """Who is asked, and how."""

    seed: Annotated[int, Field(ge=0)] = 0
    """of everything sampled"""
    model: ModelConfig
    """the model that is asked; checkpoint `pocket` is the shipped one. Of an endpoint it is only a name for files"""
    prompt: str
    """the prompt preset"""
    problems_per_shard: Count = 512
    """problems that are sampled together, the most that a kill loses"""
    backend: Annotated[Backend, Field(exclude_if=lambda backend: backend == "local")] = "local"
    """what samples; left out of files and keys where it is local, so that older steps keep their keys"""
    endpoint: Annotated[EndpointConfig | None, Field(exclude_if=lambda endpoint: endpoint is None)] = None
    """the server of backend endpoint"""

    @field_validator("prompt")
    @classmethod
    def _prompt_is_known(cls, name: str) -> str:
        return get_preset(name).name

    @model_validator(mode="after")
    def _endpoint_is_given(self) -> Self:
        if (self.backend == "endpoint") != (self.endpoint is not None):
            given = "an endpoint" if self.endpoint else "no endpoint"
            raise ValueError(f"backend {self.backend} with {given}; expected a section endpoint for that backend alone")
        return self
