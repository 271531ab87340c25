"""The families that run as trees, with what differs between them: how images are cut, joined and shown.

A model of any other type runs as its own padded forward (`plain`). What is here was tested, per family, against
that forward.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

ImageInputs = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Family:
    """How the images of one family of models are handled."""

    cut: Callable[[ImageInputs], list[ImageInputs]]  #: a prompt's processor output into items; all axes kept
    pooled: Literal["list", "stack"] = "list"  #: how the model's forward takes the features of all items
    open_images: bool = False  #: an image's tokens see each other in both directions
    complete: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict  #: last touch on joined items

    def calls(self, items: Sequence[ImageInputs]) -> list[tuple[list[int], dict[str, Tensor]]]:
        """Arguments of `get_image_features`, one call for all items of like shape, with the indices of its items."""
        alike: dict[tuple[object, ...], list[int]] = {}
        for index, item in enumerate(items):
            shapes = tuple((name, tensor.shape[1:]) for name, tensor in item.items())
            alike.setdefault(shapes, []).append(index)
        return [
            (indices, self.complete({name: torch.cat([items[i][name] for i in indices]) for name in items[indices[0]]}))
            for indices in alike.values()
        ]


def _cut_patches(inputs: ImageInputs) -> list[ImageInputs]:
    """Qwen: patches of all images in one list, the grids say how many belong to each."""
    grids = inputs["image_grid_thw"]
    patches = inputs["pixel_values"].split(grids.prod(dim=1).tolist())
    return [{"pixel_values": part, "image_grid_thw": grid[None]} for part, grid in zip(patches, grids, strict=True)]


def _cut_first_axis(inputs: ImageInputs) -> list[ImageInputs]:
    """InternVL, Gemma 3: one tile or image a row."""
    return [{"pixel_values": tile} for tile in inputs["pixel_values"].split(1)]


def _cut_second_axis(inputs: ImageInputs) -> list[ImageInputs]:
    """Idefics 3, SmolVLM: the tiles of all images of one prompt on the second axis, the prompt on the first."""
    names = [name for name in ("pixel_values", "pixel_attention_mask") if name in inputs]
    tiles = [inputs[name].transpose(0, 1).split(1) for name in names]
    return [dict(zip(names, parts, strict=True)) for parts in zip(*tiles, strict=True)]


def _cut_llava(inputs: ImageInputs) -> list[ImageInputs]:
    """LLaVA-OneVision: one image a row, in several tiles if it is the prompt's only image, else in one."""
    tiles, sizes = inputs["pixel_values"].split(1), inputs["image_sizes"].split(1)
    return [{"pixel_values": tile, "image_sizes": size} for tile, size in zip(tiles, sizes, strict=True)]


def _complete_llava(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Say which images are in several tiles: the model reads it from the number of images in their prompt."""
    num_images, num_tiles = inputs["pixel_values"].shape[:2]
    if num_tiles > 1:
        return {**inputs, "batch_num_images": torch.ones(num_images, dtype=torch.int64)}
    if num_images == 1:  # one image would count as tiled, so it comes twice and its second features are left unused
        inputs, num_images = {name: tensor.repeat_interleave(2, 0) for name, tensor in inputs.items()}, 2
    return {**inputs, "batch_num_images": torch.tensor([num_images])}


#: by `model_type` of the config
FAMILIES: dict[str, Family] = {
    "qwen2_vl": Family(cut=_cut_patches),
    "qwen2_5_vl": Family(cut=_cut_patches),
    "qwen3_vl": Family(cut=_cut_patches),
    "internvl": Family(cut=_cut_first_axis, pooled="stack"),
    "idefics3": Family(cut=_cut_second_axis),
    "smolvlm": Family(cut=_cut_second_axis),
    "llava_onevision": Family(cut=_cut_llava, complete=_complete_llava),
    "gemma3": Family(cut=_cut_first_axis, pooled="stack", open_images=True),
}
