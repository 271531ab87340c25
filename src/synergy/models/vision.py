"""Image features, each distinct image encoded once per batch, however many prompts show it.

The model's own `get_image_features` makes them and its own forward puts them in place (`mm_encoder_outputs`), so
trees that share an image add up the gradient on its features, and the tower runs backward once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedModel

from synergy.models.byte_cache import ByteCache
from synergy.models.families import Family
from synergy.models.parts import trains_images
from synergy.models.prompt import ImageItem


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageFeatures:
    """What the tower and the projector make of one item."""

    embeds: Float[Tensor, "tokens width"]  #: one vector a placeholder
    deepstack: tuple[Float[Tensor, "tokens width"], ...] = ()  #: what Qwen3-VL adds after its first layers

    @property
    def num_bytes(self) -> int:
        """Memory of all tensors."""
        return sum(tensor.numel() * tensor.element_size() for tensor in (self.embeds, *self.deepstack))


FeaturesByKey = Mapping[str, ImageFeatures]


class VisionEncoder:
    """Encodes items with a model that it doesn't own; keeps features over steps only where nothing trains them."""

    def __init__(self, model: PreTrainedModel, family: Family, cache_bytes: int) -> None:
        self.model = model
        self.family = family
        self.trained = trains_images(model)
        self.cache = ByteCache[ImageFeatures](0 if self.trained else cache_bytes)

    def encode(self, items: Sequence[ImageItem]) -> FeaturesByKey:
        """Features of each distinct item, by key; with a gradient where tower or projector are trained."""
        found: dict[str, ImageFeatures] = {}
        missing: dict[str, ImageItem] = {}
        for item in items:
            cached = self.cache.get(item.key)
            if cached is not None:
                found[item.key] = cached
            else:
                missing[item.key] = item
        if missing:
            with torch.set_grad_enabled(self.trained and torch.is_grad_enabled()):
                made = self._run(list(missing.values()))
            for key, features in zip(missing, made, strict=True):
                self.cache.put(key, features, features.num_bytes)
                found[key] = features
        return found

    def _run(self, items: Sequence[ImageItem]) -> list[ImageFeatures]:
        """One call of the tower for all items of like shape."""
        made: dict[int, ImageFeatures] = {}
        for indices, inputs in self.family.calls([item.inputs for item in items]):
            moved = {name: to_model(tensor, self.model) for name, tensor in inputs.items()}
            # of the concrete classes, not of their common base
            output = cast(Any, self.model).get_image_features(**moved, return_dict=True)
            deepstack = getattr(output, "deepstack_features", None) or []
            for place, index in enumerate(indices):
                layers = tuple(_flat(layer[place]) for layer in deepstack)
                made[index] = ImageFeatures(embeds=_flat(output.pooler_output[place]), deepstack=layers)
        return [made[index] for index in range(len(items))]

    def arguments(self, items: Sequence[ImageItem], features: FeaturesByKey) -> dict[str, object]:
        """What the model's forward is given to put the features of `items` at their placeholders, in order."""
        if not items:
            return {}
        chosen = [features[item.key] for item in items]
        embeds = [feature.embeds for feature in chosen]
        output = SimpleNamespace(
            pooler_output=torch.stack(embeds) if self.family.pooled == "stack" else embeds,
            deepstack_features=[list(layer) for layer in zip(*(feature.deepstack for feature in chosen), strict=True)],
        )
        return {"mm_encoder_outputs": {"image": output}}


def to_model(tensor: Tensor, model: PreTrainedModel) -> Tensor:
    """On the model's device; pixels in the type of its weights."""
    return tensor.to(model.device, model.dtype if tensor.is_floating_point() else None)


def _flat(features: Tensor) -> Float[Tensor, "tokens width"]:
    return features.reshape(-1, features.shape[-1])
