"""Prompts side by side for a sampler: padded on the left, so that the last column is each prompt's last token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from synergy.models.prompt import ImageItem, Prompt


@dataclass(frozen=True, kw_only=True, eq=False)
class PrefillRows:
    """Arguments of `Policy.language` for prompts, one a row."""

    input_ids: Int[Tensor, "rows length"]
    position_ids: Int[Tensor, "axes rows length"]
    attention_mask: Int[Tensor, "rows length"]  #: 0 on padding; a column of ones more for each token that follows
    next_positions: Int[Tensor, " rows"]  #: of the first token after each prompt, on every axis
    items: tuple[ImageItem, ...]
    arguments: dict[str, Any]  #: others; for this call alone, not for the tokens that follow


def prefill_rows(prompts: Sequence[Prompt], *, open_images: bool) -> PrefillRows:
    """At least one prompt; `open_images` as the family has it."""
    length = max(prompt.num_tokens for prompt in prompts)
    blocks = torch.stack([_left(prompt.image_blocks, length, -1) for prompt in prompts])
    return PrefillRows(
        input_ids=torch.stack([_left(prompt.token_ids, length, 0) for prompt in prompts]),
        position_ids=torch.stack([_left(prompt.position_ids, length, 0) for prompt in prompts], dim=1),
        attention_mask=torch.stack([_left(torch.ones_like(prompt.token_ids), length, 0) for prompt in prompts]),
        next_positions=torch.tensor([prompt.next_position for prompt in prompts]),
        items=tuple(item for prompt in prompts for item in prompt.items),
        arguments={"token_type_ids": (blocks >= 0).long()} if open_images else {},
    )


def _left(tensor: Tensor, length: int, value: int) -> Tensor:
    return torch.nn.functional.pad(tensor, (length - tensor.shape[-1], 0), value=value)
