"""What a plan takes for granted where nothing at hand says it: models by their size, tables by theirs, mean lengths.

It changes no result and no step's key. What a paper does not state is ours, and the study's file says so.
"""

from typing import Annotated

from pydantic import Field

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
NonNegativeCount = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class ModelSizeConfig(Config):
    """A model whose folder is not at hand; a local one's sizes are read from its folder."""

    vision_parameters: NonNegativeCount
    """of the tower, the projector apart"""
    projector_parameters: NonNegativeCount
    """between tower and language model"""
    language_parameters: Count
    """embeddings and output layer included, once where they are tied"""
    num_layers: Count
    """of the language model"""
    hidden_size: Count
    """of the language model"""
    intermediate_size: Count
    """of its feed-forward layers"""
    key_value_size: Count
    """key heads times the size of a head"""
    vocabulary_size: Count
    """rows of the output layer"""


class TableSizeConfig(Config):
    """A table of problems that planning does not open."""

    num_problems: Count
    """rows"""
    trace_tokens: Positive | None = None
    """of a demonstration, on average; null for `AssumedConfig.trace_tokens`"""
    images: NonNegative | None = None
    """a problem, on average; null for `AssumedConfig.images`"""


class AssumedConfig(Config):
    """Sizes and mean lengths."""

    models: dict[str, ModelSizeConfig] = Field(default_factory=dict)
    """by checkpoint"""
    tables: dict[str, TableSizeConfig] = Field(default_factory=dict)
    """by repository, path or benchmark, as the data sections name them"""
    prompt_tokens: Positive
    """of a question with instruction and template, images apart"""
    images: NonNegative = 1.0
    """a problem"""
    image_tokens: NonNegative
    """of an image"""
    image_bytes: NonNegative = 0.0
    """of an image as a file; pictures are kept with every evaluation"""
    trace_tokens: Positive
    """of a demonstration"""
    response_tokens: Positive
    """of a response"""
    responses: dict[str, Positive] = Field(default_factory=dict)
    """of a response of what some stage makes, while it trains too, by stage or by a
    given checkpoint; `base` for the untrained model"""
    failed_fraction: Share = 0.25
    """problems whose attempts all fail, which interleaved and progressive training give demonstrations; ours"""
    correct_fraction: Share = 0.5
    """responses that are right, of which self-distillation makes rows; ours"""

    @property
    def problem_tokens(self) -> float:
        """Of a prompt, images included."""
        return self.prompt_tokens + self.images * self.image_tokens
