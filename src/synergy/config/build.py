"""The document that describes a pocket model: its architecture and its three training stages."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class VisionConfig(Config):
    """The vision tower."""

    hidden_size: Count
    """width of the tower"""
    depth: Count
    """number of layers"""
    num_heads: Count
    """attention heads; each head's width is a multiple of 4 for the two-dimensional rotary positions"""
    intermediate_size: Count
    """width of the feed-forward layers"""

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.hidden_size % (4 * self.num_heads):
            raise ValueError(
                f"hidden_size {self.hidden_size} with num_heads {self.num_heads}; "
                f"expected a multiple of 4 × num_heads = {4 * self.num_heads}"
            )
        return self


class ModelConfig(Config):
    """The language model and its vision tower."""

    hidden_size: Count
    """width of the language model"""
    num_layers: Count
    """number of layers"""
    num_heads: Count
    """query heads; each head's width is even for the rotary positions"""
    num_kv_heads: Count
    """key and value heads, a divisor of num_heads"""
    intermediate_size: Count
    """width of the feed-forward layers"""
    vision: VisionConfig
    """the vision tower"""

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.hidden_size % (2 * self.num_heads):
            raise ValueError(
                f"hidden_size {self.hidden_size} with num_heads {self.num_heads}; "
                f"expected a multiple of 2 × num_heads = {2 * self.num_heads}"
            )
        if self.num_heads % self.num_kv_heads:
            raise ValueError(
                f"num_kv_heads {self.num_kv_heads} with num_heads {self.num_heads}; expected a divisor of num_heads"
            )
        return self


class StageConfig(Config):
    """One training stage."""

    num_steps: Count
    """optimiser steps"""
    batch_size: Count
    """examples per optimiser step"""
    learning_rate: Annotated[float, Field(gt=0)]
    """peak learning rate"""
    warmup_fraction: Fraction
    """share of the steps over which the learning rate rises to its peak"""


class PicturesStageConfig(StageConfig):
    """The middle stage: captions, then captions and facts."""

    captions_first_fraction: Fraction
    """share of the steps, at the beginning, that have captions alone"""
    facts_fraction: Fraction
    """share of facts among the examples of the later steps"""
    gaze_weight: Weight
    """weight of the loss that teaches attention where in the picture a token is read; 0 for none"""


class AnswersStageConfig(StageConfig):
    """The last stage, which draws problems of all five generating difficulties."""

    level_weights: tuple[Weight, Weight, Weight, Weight, Weight]
    """how often each difficulty 1 … 5 is drawn, relative to the others"""

    @model_validator(mode="after")
    def _some_level_is_drawn(self) -> Self:
        if not any(self.level_weights):
            raise ValueError("level_weights are all 0; expected at least one above 0")
        return self


class StagesConfig(Config):
    """The stages in order."""

    cells: StageConfig
    """the vision tower learns to classify cells"""
    pictures: PicturesStageConfig
    """the model learns to caption pictures and to state facts about them"""
    answers: AnswersStageConfig
    """the model learns short answers"""


class PocketBuildConfig(Config):
    """How to build a pocket model of one size."""

    kind: Literal["pocket_build"]
    """the kind of document"""
    size: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    """the name of this size"""
    seed: Annotated[int, Field(ge=0)]
    """of initial weights and training data"""
    vocabulary_size: Annotated[int, Field(gt=256)]
    """tokens of the byte-level tokenizer: 256 bytes, merges and special tokens"""
    model: ModelConfig
    """the architecture"""
    stages: StagesConfig
    """the three training stages"""
