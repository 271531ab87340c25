"""Teaching attention where to look: a loss on some heads of one layer, for tokens that are read from known cells.

From text alone the model finds within minutes what stands at a place, but not the other way, where a look stands:
no gradient leads there until two things are learned at once, gathering the look and matching it. Shown where to look,
it finds both in a hundred steps.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from jaxtyping import Float
from torch import Tensor, nn
from transformers import Qwen2_5_VLForConditionalGeneration

from synergy.pocket.build.examples import Batch


class Gaze:
    """The attention weights that are taught: of half of the heads, in the middle layer."""

    def __init__(self, model: Qwen2_5_VLForConditionalGeneration) -> None:
        """The model keeps eager attention, the only one that shows its weights."""
        model.set_attn_implementation({"text_config": "eager"})
        layers = model.model.language_model.layers
        self._attention: nn.Module = layers[len(layers) // 2].self_attn
        self._num_heads = model.model.language_model.config.num_attention_heads // 2
        self._weights: Float[Tensor, "rows heads queries keys"] | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the weights of the forward passes within."""
        handle = self._attention.register_forward_hook(self._keep)
        try:
            yield
        finally:
            handle.remove()

    def _keep(self, module: nn.Module, inputs: object, output: tuple[Tensor, Tensor]) -> None:
        self._weights = output[1]

    def loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Cross-entropy between attention and the cells to look at, meaned over heads, summed over tokens."""
        assert self._weights is not None
        rows, queries, keys = batch.gaze.unbind(1)
        attention = self._weights[rows, : self._num_heads, queries, keys]
        return -(attention.clamp_min(_SMALLEST).log().mean(1) * batch.gaze_share).sum()


_SMALLEST = 1e-9  #: attention below it has no gradient
