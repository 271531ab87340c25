"""The seam to transformers: an attention function, chosen by name in the config, that hands rows to their cohorts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from synergy.models.evaluating import evaluating
from synergy.models.policy import Policy
from synergy.sampling.cohort_cache import CohortCache

COHORTS = "synergy_cohorts"


def cohort_attention(
    module: nn.Module,
    query: Float[Tensor, "rows heads queries width"],
    key: Float[Tensor, "rows kv_heads queries width"],
    value: Float[Tensor, "rows kv_heads queries value_width"],
    attention_mask: Tensor | None,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    cohorts: Sequence[CohortCache] | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[Float[Tensor, "rows queries heads value_width"], None]:
    """Attention of one new token a row; rows are those of the cohorts, in order. Without `cohorts` it is "sdpa"."""
    if cohorts is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    layer: Any = module.layer_idx
    sizes = [len(cohort) for cohort in cohorts]
    parts = zip(cohorts, *(tensor[:, :, 0].split(sizes) for tensor in (query, key, value)), strict=True)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    outputs = [
        cohort.attend(layer, new_query, new_key, new_value, scaling=scale, window=sliding_window)
        for cohort, new_query, new_key, new_value in parts
    ]
    return torch.cat(outputs)[:, None], None


@contextmanager
def attending_cohorts(policy: Policy) -> Iterator[None]:
    """The policy with attention by cohorts, and as it was afterwards."""
    AttentionInterface.register(COHORTS, cohort_attention)
    AttentionMaskInterface.register(COHORTS, sdpa_mask)
    usual = policy.model.config.get_text_config()._attn_implementation
    policy.model.set_attn_implementation({"text_config": COHORTS})
    try:
        with evaluating(policy):
            yield
    finally:
        policy.model.set_attn_implementation({"text_config": usual})


def step_arguments(policy: Policy, cohorts: Sequence[CohortCache]) -> dict[str, Any]:
    """What `Policy.language` is given, beside ids and positions, for one new token of every row."""
    # a mask of four axes is taken as it is, so that the model builds none; the attention function ignores it
    mask = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=policy.device)
    windows = policy.windows
    by_kind = any(window is not None for window in windows.values())
    return {"attention_mask": dict.fromkeys(windows, mask) if by_kind else mask, "cohorts": cohorts}
