"""The model that a step asks or trains, once its inputs are done."""

from collections.abc import Mapping
from pathlib import Path

from synergy.config.model import ModelConfig
from synergy.recipes.step import STEP_MODEL


def input_model(model: ModelConfig, inputs: Mapping[str, Path]) -> ModelConfig:
    """The section with the folder of the input `model` where it names another step's model."""
    if model.checkpoint != STEP_MODEL:
        return model
    return model.model_copy(update={"checkpoint": str(inputs["model"] / "model")})
