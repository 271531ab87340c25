"""Tiny random models of every family, with prompts that exercise what is peculiar to each.

Image inputs are made directly: the families' stock processors want files that only a hub has.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    InternVLConfig,
    InternVLForConditionalGeneration,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    PreTrainedModel,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)

from synergy.models import tree_attention
from synergy.models.families import FAMILIES
from synergy.models.policy import Policy
from synergy.models.positions import prompt_positions
from synergy.models.prompt import Prompt
from synergy.models.rendering import make_prompt
from synergy.models.trees import Tree, group_tree, prefix_tree

VOCABULARY, TEXT_IDS, IMAGE, VIDEO, START, END = 64, 50, 60, 61, 62, 63
WINDOW = 9  #: shorter than any prompt


@dataclass(frozen=True)
class Picture:
    """An image by its seed; equal seeds are equal images."""

    seed: int


Ids = list[int]
#: of a prompt's pictures: the token ids of each, and the model's inputs
Show = Callable[[PreTrainedModel, Sequence[Picture]], tuple[list[Ids], dict[str, torch.Tensor]]]


@dataclass(frozen=True)
class Case:
    """A family's model and how it is shown pictures."""

    build: Callable[[], PreTrainedModel]
    show: Show
    token_types: str | None = None  #: the processor's name for what marks image tokens


def _noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


_TEXT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.2,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": 1,
}
_SLIDING: dict[str, Any] = {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1}
_MROPE = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 1, 1]}
_QWEN_IDS: dict[str, Any] = {
    "image_token_id": IMAGE,
    "video_token_id": VIDEO,
    "vision_start_token_id": START,
    "vision_end_token_id": END,
}
_SIGLIP: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 16,
    "patch_size": 4,
    "initializer_range": 0.2,
}


def _qwen2() -> PreTrainedModel:
    vision = {"depth": 2, "embed_dim": 16, "hidden_size": 32, "num_heads": 2, "patch_size": 4}
    text = {**_TEXT, **_SLIDING, "rope_parameters": _MROPE}
    return Qwen2VLForConditionalGeneration(Qwen2VLConfig(text_config=text, vision_config=vision, **_QWEN_IDS))


def _qwen2_5() -> PreTrainedModel:
    vision = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 24,
        "out_hidden_size": 32,
        "num_heads": 2,
        "patch_size": 4,
        "window_size": 16,  # 2 × 2 merged patches: smaller than the pictures
        "fullatt_block_indexes": [1],
    }
    text = {**_TEXT, **_SLIDING, "rope_parameters": _MROPE}
    return Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision, **_QWEN_IDS))


def _qwen3() -> PreTrainedModel:
    vision = {
        "depth": 3,
        "hidden_size": 16,
        "intermediate_size": 24,
        "out_hidden_size": 32,
        "num_heads": 2,
        "patch_size": 4,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0, 1],
    }
    text = {**_TEXT, "head_dim": 8, "rope_parameters": {**_MROPE, "mrope_interleaved": True}}
    return Qwen3VLForConditionalGeneration(Qwen3VLConfig(text_config=text, vision_config=vision, **_QWEN_IDS))


def _internvl() -> PreTrainedModel:
    text = {**_TEXT, **_SLIDING, "model_type": "qwen2"}
    return InternVLForConditionalGeneration(
        InternVLConfig(text_config=text, vision_config=_SIGLIP, image_token_id=IMAGE, image_seq_length=4)
    )


def _idefics(model: Any, config: Any) -> PreTrainedModel:
    text = {**_TEXT, "model_type": "llama"}
    return model(config(text_config=text, vision_config=_SIGLIP, image_token_id=IMAGE, scale_factor=2))


def _llava() -> PreTrainedModel:
    return LlavaOnevisionForConditionalGeneration(
        LlavaOnevisionConfig(
            text_config={**_TEXT, "model_type": "qwen2"},
            vision_config={**_SIGLIP, "model_type": "siglip_vision_model", "vision_use_head": False},
            image_token_index=IMAGE,
            video_token_index=VIDEO,
            image_grid_pinpoints=[[16, 32], [32, 16], [32, 32]],
        )
    )


def _gemma3() -> PreTrainedModel:
    layers = ["sliding_attention", "full_attention", "sliding_attention"]
    text = {**_TEXT, "head_dim": 8, "sliding_window": WINDOW, "layer_types": layers, "query_pre_attn_scalar": 8}
    return Gemma3ForConditionalGeneration(
        Gemma3Config(
            text_config=text,
            vision_config={**_SIGLIP, "model_type": "siglip_vision_model", "vision_use_head": False},
            mm_tokens_per_image=4,
            image_token_index=IMAGE,
            boi_token_index=START,
            eoi_token_index=END,
        )
    )


def _show_qwen(model: PreTrainedModel, pictures: Sequence[Picture]) -> tuple[list[Ids], dict[str, torch.Tensor]]:
    """Grids of several sizes, merged two by two."""
    grids = [torch.tensor([1, 4, 6 + 2 * (picture.seed % 2)]) for picture in pictures]
    ids = [[START, *[IMAGE] * (int(grid.prod()) // 4), END] for grid in grids]
    pixels = [_noise(p.seed, int(grid.prod()), 3 * 2 * 16) for p, grid in zip(pictures, grids, strict=True)]
    return ids, {"pixel_values": torch.cat(pixels), "image_grid_thw": torch.stack(grids)}


def _show_internvl(model: PreTrainedModel, pictures: Sequence[Picture]) -> tuple[list[Ids], dict[str, torch.Tensor]]:
    """One or three tiles an image, four tokens each, without a break."""
    tiles = [1 + 2 * (picture.seed % 2) for picture in pictures]
    pixels = [_noise(p.seed, count, 3, 16, 16) for p, count in zip(pictures, tiles, strict=True)]
    return [[2, *[IMAGE] * (4 * count), 3] for count in tiles], {"pixel_values": torch.cat(pixels)}


def _show_idefics(model: PreTrainedModel, pictures: Sequence[Picture]) -> tuple[list[Ids], dict[str, torch.Tensor]]:
    """One or three tiles an image, each behind a tag of its own; the last tile's lower half is padding."""
    tiles = [1 + 2 * (picture.seed % 2) for picture in pictures]
    pixels = torch.cat([_noise(p.seed, count, 3, 16, 16) for p, count in zip(pictures, tiles, strict=True)])
    mask = torch.ones(len(pixels), 16, 16, dtype=torch.bool)
    mask[-1, 8:] = False
    ids = [list(itertools.chain(*([2, 4 + tile, *[IMAGE] * 4] for tile in range(count)))) for count in tiles]
    return ids, {"pixel_values": pixels[None], "pixel_attention_mask": mask[None]}


def _show_llava(model: PreTrainedModel, pictures: Sequence[Picture]) -> tuple[list[Ids], dict[str, torch.Tensor]]:
    """A prompt's only picture in 3 or 5 tiles, unpadded, with line breaks; several pictures in one tile each."""
    sizes = torch.tensor([[(30, 30), (10, 32)][picture.seed % 2] for picture in pictures])
    if len(pictures) == 1:
        counts, tiles = [[16 + 8 * 9, 16 + 2 * 9][pictures[0].seed % 2]], [5, 3][pictures[0].seed % 2]
    else:
        counts, tiles = [17] * len(pictures), 1
    pixels = torch.stack([_noise(picture.seed, tiles, 3, 16, 16) for picture in pictures])
    inputs = {"pixel_values": pixels, "image_sizes": sizes, "batch_num_images": torch.tensor([len(pictures)])}
    with torch.no_grad():
        features = cast(Any, model).get_image_features(**inputs, return_dict=True).pooler_output
    counts = [len(feature) for feature in features]
    return [[IMAGE] * count for count in counts], inputs


def _show_gemma(model: PreTrainedModel, pictures: Sequence[Picture]) -> tuple[list[Ids], dict[str, torch.Tensor]]:
    """Four tokens an image, which see each other."""
    pixels = torch.cat([_noise(picture.seed, 1, 3, 16, 16) for picture in pictures])
    return [[START, *[IMAGE] * 4, END] for _ in pictures], {"pixel_values": pixels}


CASES: dict[str, Case] = {
    "qwen2_vl": Case(_qwen2, _show_qwen, "mm_token_type_ids"),
    "qwen2_5_vl": Case(_qwen2_5, _show_qwen, "mm_token_type_ids"),
    "qwen3_vl": Case(_qwen3, _show_qwen, "mm_token_type_ids"),
    "internvl": Case(_internvl, _show_internvl),
    "idefics3": Case(partial(_idefics, Idefics3ForConditionalGeneration, Idefics3Config), _show_idefics),
    "smolvlm": Case(partial(_idefics, SmolVLMForConditionalGeneration, SmolVLMConfig), _show_idefics),
    "llava_onevision": Case(_llava, _show_llava),
    "gemma3": Case(_gemma3, _show_gemma, "token_type_ids"),
}


class TinyModel:
    """A family's model with random weights, large enough that attention is far from uniform."""

    def __init__(self, name: str, dtype: torch.dtype) -> None:
        torch.manual_seed(5)
        self.case = CASES[name]
        model = self.case.build()
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                parameter.normal_(0, 0.2)
                if "norm" in key.lower() and key.endswith("weight") and name != "gemma3":
                    parameter += 1
        self.model: Any = cast(Any, model).to(dtype)
        self.family = FAMILIES[name]
        tree_attention.register()
        self.model.set_attn_implementation({"text_config": tree_attention.SEGMENTS})
        self.policy = Policy(
            self.model, family=self.family, banned_ids=[IMAGE, VIDEO, START, END], logits_bytes=1 << 14
        )

    def prompt(self, problem_id: str, *content: int | Picture) -> Prompt:
        """A prompt of so many random words and pictures, in that order."""
        words = torch.Generator().manual_seed(len(problem_id))
        pictures = [part for part in content if isinstance(part, Picture)]
        shown, inputs = self.case.show(self.model, pictures) if pictures else ([], {})
        blocks = iter(shown)
        ids: Ids = []
        for part in content:
            ids += (
                next(blocks)
                if isinstance(part, Picture)
                else torch.randint(8, TEXT_IDS, (part,), generator=words).tolist()
            )
        token_ids = torch.tensor(ids)
        if self.case.token_types:
            inputs[self.case.token_types] = (token_ids == IMAGE).long()[None]
        return make_prompt(
            problem_id,
            token_ids,
            inputs,
            placeholder=IMAGE,
            positions=lambda ids, others: prompt_positions(self.model.base_model, ids, others),
            family=self.family,
        )


def some_trees(tiny: TinyModel) -> list[Tree]:
    """One image, two images, a shared image, text only; flat groups, a shared beginning, a single response."""
    words = torch.Generator().manual_seed(3)

    def response(length: int) -> torch.Tensor:
        return torch.randint(8, TEXT_IDS, (length,), generator=words)

    one = tiny.prompt("one", 4, Picture(1), 9)
    two = tiny.prompt("two images", 3, Picture(2), 1, Picture(1), 8)
    text = tiny.prompt("text", 14)
    same = tiny.prompt("the same image", Picture(1), 11)
    return [
        group_tree(one, [response(5), response(11), response(1)]),
        prefix_tree(two, response(4), [response(3), response(12)]),
        group_tree(text, [response(6), response(6)]),
        group_tree(same, [response(7)]),
    ]
