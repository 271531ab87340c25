"""Position ids of prompts and of what follows them, as the model's own code counts them."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from jaxtyping import Int
from torch import Tensor, nn


def num_axes(base: nn.Module) -> int:
    """3 for a model whose rotary positions are time, row and column, else 1; `base` is the model without its head."""
    return 3 if hasattr(base, "get_rope_index") else 1


def prompt_positions(
    base: nn.Module, token_ids: Int[Tensor, " length"], model_inputs: Mapping[str, Tensor]
) -> Int[Tensor, "axes length"]:
    """Positions of a prompt's tokens; `model_inputs` are the processor's, for the sizes of images."""
    axes = num_axes(base)
    if axes == 3 and "image_grid_thw" in model_inputs:
        positions, _ = cast(Any, base).get_rope_index(
            token_ids[None],
            mm_token_type_ids=model_inputs["mm_token_type_ids"],
            image_grid_thw=model_inputs["image_grid_thw"],
        )
        return positions[:, 0]
    return torch.arange(len(token_ids)).expand(axes, -1)


def following_positions(start: int, num_tokens: int, axes: int) -> Int[Tensor, "axes num_tokens"]:
    """Positions of text from `start` (`Prompt.next_position` plus the tokens since): all axes advance together."""
    return torch.arange(start, start + num_tokens).expand(axes, -1)
