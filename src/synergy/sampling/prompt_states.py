"""Prompts that were run once: the keys and values that all their responses attend to, and what comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from synergy.models.policy import Policy
from synergy.models.prompt import Prompt
from synergy.models.vision import FeaturesByKey

Keys = Float[Tensor, "prompts kv_heads length width"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PromptStates:
    """A few prompts, padded on the left."""

    keys: tuple[Keys, ...]  #: one a layer
    values: tuple[Keys, ...]
    padding: Float[Tensor, "prompts 1 1 length"] | None  #: -inf on padding, 0 elsewhere; None where there is none
    next_positions: Int[Tensor, " prompts"]  #: of the first token after each prompt
    num_axes: int  #: of position ids
    hidden: Float[Tensor, "prompts hidden_width"]  #: the state that predicts the first token

    def __len__(self) -> int:
        """How many prompts."""
        return len(self.hidden)

    @property
    def length(self) -> int:
        """Tokens of the longest."""
        return self.keys[0].shape[2]

    @property
    def token_bytes(self) -> int:
        """Memory of one token's keys and values in all layers."""
        return sum(tensor[0, :, 0].nbytes for tensor in (*self.keys, *self.values))

    def select(self, prompts: Int[Tensor, " chosen"]) -> "PromptStates":
        """Those prompts alone."""
        return PromptStates(
            keys=tuple(tensor.index_select(0, prompts) for tensor in self.keys),
            values=tuple(tensor.index_select(0, prompts) for tensor in self.values),
            padding=None if self.padding is None else self.padding.index_select(0, prompts),
            next_positions=self.next_positions.index_select(0, prompts),
            num_axes=self.num_axes,
            hidden=self.hidden.index_select(0, prompts),
        )


def run_prompts(policy: Policy, prompts: Sequence[Prompt], features: FeaturesByKey) -> PromptStates:
    """Run prompts (at least one) with the features of their images."""
    cache = DynamicCache()  # without the config, as with it layers forget what their sliding window has passed
    hidden, rows = policy.prefill(prompts, cache, features)
    mask = rows.attention_mask.to(policy.device)
    padding = torch.zeros(mask.shape, dtype=torch.float32, device=policy.device).masked_fill_(mask == 0, -torch.inf)
    layers = cast(list[DynamicLayer], cache.layers)
    return PromptStates(
        keys=tuple(cast(Tensor, layer.keys).contiguous() for layer in layers),
        values=tuple(cast(Tensor, layer.values).contiguous() for layer in layers),
        padding=None if bool(mask.all()) else padding[:, None, None],
        next_positions=rows.next_positions.to(policy.device),
        num_axes=len(rows.position_ids),
        hidden=hidden,
    )
