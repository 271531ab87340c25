"""The policy: one module with one forward (images → language model → head), to be the root of DDP or FSDP.

It doesn't touch the model's code; a model whose trees were not tested runs its own padded forward instead.
"""

from collections.abc import Sequence
from typing import Any, Literal, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import Cache, PreTrainedModel

from synergy.errors import InputError
from synergy.models.families import Family
from synergy.models.logprobs import Head, TokenScores, token_scores
from synergy.models.masks import RowLayout
from synergy.models.plain import PaddedRows, padded_rows
from synergy.models.prefill import PrefillRows, prefill_rows
from synergy.models.prompt import ImageItem, Prompt
from synergy.models.tree_attention import language_arguments
from synergy.models.trees import TreeBatch
from synergy.models.vision import FeaturesByKey, VisionEncoder, to_model

FULL, SLIDING = "full_attention", "sliding_attention"
Path = Literal["tree", "plain"]


class Policy(nn.Module):
    """A model that scores tree batches, and what a sampler needs of it.

    Parameters and their names are the model's, below `model.`; `path` may be set to "plain" at any time.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        *,
        family: Family | None,
        banned_ids: Sequence[int],
        logits_bytes: int,
        feature_cache_bytes: int = 0,
    ) -> None:
        super().__init__()
        self.model = model
        self.family = family
        self.path: Path = "plain" if family is None else "tree"
        self.logits_bytes = logits_bytes
        self.vision = None if family is None else VisionEncoder(model, family, feature_cache_bytes)
        self.register_buffer("banned_ids", torch.tensor(sorted(banned_ids), dtype=torch.int64), persistent=False)
        self.train(model.training)

    @property
    def windows(self) -> dict[str, int | None]:
        """The sliding window of each kind of layer, as the config names them; None for full attention."""
        config = self.model.config.get_text_config()
        return {kind: config.sliding_window if kind == SLIDING else None for kind in layer_kinds(self.model)}

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device

    def forward(
        self, batch: TreeBatch, *, temperature: float = 1.0, entropy: bool = False, top_k: int = 0
    ) -> TokenScores:
        """Scores of all scored tokens, in the order trees → branches → tokens.

        Raises InputError where a branch holds a banned token.
        """
        hidden = self.hidden(batch)
        targets = batch.targets.to(self.device)
        return token_scores(hidden, self.head(), targets, temperature=temperature, entropy=entropy, top_k=top_k)

    def hidden(self, batch: TreeBatch) -> Float[Tensor, "tokens width"]:
        """The hidden states that predict the scored tokens, in the order of `forward`; raises as it does."""
        self._check(batch)
        return self._tree_hidden(batch) if self.path == "tree" else self._plain_hidden(batch)

    def _tree_hidden(self, batch: TreeBatch) -> Float[Tensor, "tokens width"]:
        """The same by one row of trees."""
        assert self.family is not None, "only a known family runs as trees"
        layout = RowLayout(batch, open_images=self.family.open_images, device=self.device)
        hidden = self.language(
            batch.input_ids[None],
            batch.position_ids[:, None],
            items=batch.items,
            **language_arguments(layout, self.windows),
        )
        return hidden[0].index_select(0, batch.predictors.to(self.device))

    def _plain_hidden(self, batch: TreeBatch) -> Float[Tensor, "tokens width"]:
        """The same by the model's own forward over padded rows, one call a tree."""
        parts = []
        for tree in batch.trees:
            rows = padded_rows(tree)
            output = self.model.base_model(**self.model_inputs(rows), use_cache=False)
            parts.append(output.last_hidden_state[rows.predictor_rows, rows.predictor_slots])
        return torch.cat(parts)

    def model_inputs(self, rows: PaddedRows) -> dict[str, Tensor]:
        """What the model's own forward takes, on its device and in its type."""
        return {name: to_model(tensor, self.model) for name, tensor in rows.model_inputs.items()}

    def _check(self, batch: TreeBatch) -> None:
        for tree in batch.trees:
            for branch in tree.branches:
                if torch.isin(branch.token_ids, self.banned_ids.cpu()).any():
                    raise InputError(
                        f"problem '{tree.prompt.problem_id}': a response holds a visual token; expected none, as no "
                        "image belongs to it: ban visual tokens in the sampler, remove them from demonstrations"
                    )

    # ---- what a sampler uses; under FSDP2 register these with `register_fsdp_forward_method`

    def encode(self, items: Sequence[ImageItem]) -> FeaturesByKey:
        """Features of each distinct item, by key; only for a known family."""
        assert self.vision is not None, "features of single images are of known families"
        return self.vision.encode(items)

    def prefill(
        self, prompts: Sequence[Prompt], cache: Cache, features: FeaturesByKey | None = None
    ) -> tuple[Float[Tensor, "rows width"], PrefillRows]:
        """Run prompts, padded on the left, into an empty cache; the hidden state after each, and the rows.

        Only for a known family; `features` of the prompts' images are made here if not given.
        """
        assert self.family is not None, "a model of another type samples with its own `generate`"
        rows = prefill_rows(prompts, open_images=self.family.open_images)
        hidden = self.language(
            rows.input_ids,
            rows.position_ids,
            attention_mask=rows.attention_mask.to(self.device),
            items=rows.items,
            features=features,
            cache=cache,
            **{name: tensor.to(self.device) for name, tensor in rows.arguments.items()},
        )
        return hidden[:, -1], rows

    def language(
        self,
        input_ids: Int[Tensor, "rows length"],
        position_ids: Int[Tensor, "axes rows length"],
        *,
        attention_mask: Any,
        items: Sequence[ImageItem] = (),
        features: FeaturesByKey | None = None,
        cache: Cache | None = None,
        **arguments: Any,
    ) -> Float[Tensor, "rows length width"]:
        """Hidden states of tokens after those in `cache`, to which they are added.

        `attention_mask` is what the model's forward takes: [rows, keys] with 0 on padding, or a bool mask
        [rows, 1, length, keys], or one such mask by kind of layer (`windows` names them). `items` stand in the order
        of their placeholders in `input_ids`.
        """
        placed: dict[str, object] = {}
        if items:
            assert self.vision is not None, "images are placed for known families"
            placed = self.vision.arguments(items, self.encode(items) if features is None else features)
        output = self.model.base_model(
            input_ids=input_ids.to(self.device),
            position_ids=(position_ids if len(position_ids) > 1 else position_ids[0]).to(self.device),
            attention_mask=attention_mask,
            past_key_values=cache,
            use_cache=cache is not None,
            **placed,
            **arguments,
        )
        return output.last_hidden_state

    def logits(
        self, hidden: Float[Tensor, "tokens width"], temperature: float = 1.0
    ) -> Float[Tensor, "tokens vocabulary"]:
        """logits / T with banned ids at -inf, in float32: softmax of it is the distribution that `forward` scores."""
        return self.head().logits(hidden, temperature)

    def head(self) -> Head:
        """The output layer."""
        layer = cast(nn.Linear, self.model.get_output_embeddings())
        kind = layer.weight.device.type
        return Head(
            weight=layer.weight,
            bias=layer.bias,
            banned=cast(Tensor, self.banned_ids),
            dtype=torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else layer.weight.dtype,
            logits_bytes=self.logits_bytes,
        )


def layer_kinds(model: PreTrainedModel) -> list[str]:
    """The kinds of layer that the language model has; trees know `FULL` and `SLIDING`."""
    return list(dict.fromkeys(getattr(model.config.get_text_config(), "layer_types", None) or [FULL]))
