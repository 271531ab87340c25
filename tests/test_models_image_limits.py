"""Limits on pixels: what the processor makes of an image, and which processors have such limits."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image
from transformers.image_utils import SizeDict

from synergy.config.model import ModelConfig, RenderingConfig
from synergy.errors import InputError
from synergy.models.image_limits import limit_pixels
from synergy.models.loading import load_model
from synergy.models.prompt import Prompt
from synergy.pocket.world import items


@pytest.mark.parametrize(
    ("limits", "grid"),
    [
        ({}, [1, 28, 28]),  # 400 x 400 pixels, the processor's own limit being 392 x 512 ones
        ({"max_pixels": 28 * 28 * 4}, [1, 4, 4]),
        ({"min_pixels": 196_000}, [1, 32, 32]),
        ({"min_pixels": 28 * 28, "max_pixels": 28 * 28}, [1, 2, 2]),
    ],
)
def test_images_come_to_as_many_pixels_as_the_config_says(untrained: Path, limits: dict[str, int], grid: list[int]):
    config = ModelConfig(checkpoint=str(untrained), rendering=RenderingConfig.model_validate(limits))
    loaded = load_model(config)
    problem = next(iter(items("train", 1, seed=3))).problem()
    prompt = loaded.renderer.prompt(replace(problem, images=(Image.new("RGB", (400, 400)),)), None)
    assert isinstance(prompt, Prompt)
    assert prompt.items[0].inputs["image_grid_thw"].tolist() == [grid]


def test_limits_out_of_order_are_refused(untrained: Path):
    config = ModelConfig(checkpoint=str(untrained), rendering=RenderingConfig(min_pixels=10**9))
    with pytest.raises(InputError, match="min_pixels 1000000000 is above max_pixels 200704, one of them the processor"):
        load_model(config)


def test_a_processor_that_resizes_to_lengths_is_refused(untrained: Path):
    processor = load_model(ModelConfig(checkpoint=str(untrained))).processor
    cast(Any, processor).image_processor.size = SizeDict(height=336, width=336)
    with pytest.raises(InputError, match=r"max_pixels with checkpoint 'a': its \w+ has no limits by pixels"):
        limit_pixels(processor, RenderingConfig(max_pixels=9), "a")
    assert limit_pixels(processor, RenderingConfig(), "a") is processor
