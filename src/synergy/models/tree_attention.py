"""Attention over a packed row, through transformers' own seam: attention functions chosen by name in the config.

Where the caller passes a `RowLayout` they attend within it; without one they are "sdpa", so that sampling and the
model's own forward are unchanged. They are registered under names of our own because several families (Qwen2.5-VL
among them) refuse "flex_attention".

`SEGMENTS`: each node attends by itself to its path's keys, so no work goes to pairs that do not see each other, and
the row needs no padding. On CPU 2 to 6 times faster than a dense mask over each tree, and more over a whole row.

`FLEX`: FlexAttention with a block mask, for GPUs. *Not run* on one yet; on CPU, where it has no backward pass, its
forward pass was compared with the segments'.
"""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.flex_attention import flex_attention_forward
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from synergy.models.masks import RowLayout

SEGMENTS = "synergy_segments"
FLEX = "synergy_flex"


def register() -> None:
    """Make both names known to transformers."""
    for name, function in ((SEGMENTS, segment_attention), (FLEX, flex_attention)):
        AttentionInterface.register(name, function)
        AttentionMaskInterface.register(name, sdpa_mask)


def segment_attention(
    module: nn.Module,
    query: Float[Tensor, "rows heads queries width"],
    key: Float[Tensor, "rows kv_heads keys width"],
    value: Float[Tensor, "rows kv_heads keys value_width"],
    attention_mask: Tensor | None,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    row_layout: RowLayout | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[Float[Tensor, "rows queries heads value_width"], None]:
    """Attention of each node to its path; `attention_mask` is only looked at where there is no `row_layout`."""
    if row_layout is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    groups = query.shape[1] // key.shape[1]
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    lengths = row_layout.lengths
    queries, keys, values = query.split(lengths, 2), key.split(lengths, 2), value.split(lengths, 2)
    outputs = []
    for own, segment in zip(queries, row_layout.segments(sliding_window), strict=True):
        seen = [(keys[node][:, :, skipped:], values[node][:, :, skipped:]) for node, skipped in segment.keys]
        output = functional.scaled_dot_product_attention(
            own,
            _joined([part for part, _ in seen]),
            _joined([part for _, part in seen]),
            attn_mask=segment.mask,
            dropout_p=dropout,
            scale=scaling,
            is_causal=segment.mask is None,
        )
        outputs.append(output.transpose(1, 2))  # as it lies in memory, so that nothing copies it again
    return torch.cat(outputs, dim=1), None


def _joined(parts: list[Tensor]) -> Tensor:
    """Keys or values one behind the other; a single part is not copied."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)


def flex_attention(
    module: nn.Module,
    query: Float[Tensor, "rows heads queries width"],
    key: Float[Tensor, "rows kv_heads keys width"],
    value: Float[Tensor, "rows kv_heads keys value_width"],
    attention_mask: Tensor | None,
    *,
    row_layout: RowLayout | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[Float[Tensor, "rows queries heads value_width"], Tensor | None]:
    """The same by one kernel that skips blocks in which nothing is seen; has no dropout."""
    if row_layout is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    return flex_attention_forward(module, query, key, value, row_layout.block_mask(sliding_window), **kwargs)


def language_arguments(layout: RowLayout, windows: Mapping[str, int | None]) -> dict[str, Any]:
    """What the model's forward is given, beside ids and positions, to attend within `layout`.

    `windows` has the sliding window, or None, of each kind of layer as the config names them.
    """
    # a mask of four axes is taken as it is, so that the model builds none; the attention functions ignore it
    mask = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=layout.device)
    by_kind = any(window is not None for window in windows.values())
    return {"attention_mask": dict.fromkeys(windows, mask) if by_kind else mask, "row_layout": layout}
