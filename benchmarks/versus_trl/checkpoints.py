"""The models that are measured, made in memory: nothing is downloaded, and speed does not depend on the weights.

Only the pocket model has trained weights.
"""

from functools import cache
from typing import Any

import torch
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    PaddleOCRVLProcessor,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from synergy.pocket.build.checkpoint import MERGE, PATCH
from synergy.pocket.build.tokenizer import END, IMAGE, PAD, VIDEO, train_tokenizer
from synergy.pocket.scenes import CELL_PIXELS
from synergy.pocket.shipped import WEIGHTS
from synergy.pocket.world import items
from synergy.prompts import BOXED
from versus_trl.setting import Machine, ModelName

MAX_IMAGE_TOKENS = 1024
_NUM_ITEMS = 200  #: whose texts the tokenizer of untrained models is made from

#: the pocket's template, but a turn's line break is written by the next one: a finished turn then ends with its end
#: token for both sides, where TRL would else train one token more. Prompts are the same
CHAT_TEMPLATE = (
    "{% for message in messages %}{% if not loop.first %}\n{% endif %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}\n<|im_start|>assistant\n{% endif %}"
)

#: 11.6 million parameters
_QWEN_11M: dict[str, dict[str, Any]] = {
    "text_config": {
        "hidden_size": 256,
        "intermediate_size": 768,
        "num_hidden_layers": 6,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]},
    },
    "vision_config": {
        "depth": 6,
        "hidden_size": 256,
        "intermediate_size": 768,
        "num_heads": 8,
        "out_hidden_size": 256,
        "fullatt_block_indexes": [2, 5],
    },
}

#: Qwen2.5-VL-3B-Instruct's config.json
_QWEN_3B: dict[str, dict[str, Any]] = {
    "text_config": {
        "vocab_size": 151_936,
        "hidden_size": 2048,
        "intermediate_size": 11_008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
    },
    "vision_config": {
        "depth": 32,
        "hidden_size": 1280,
        "intermediate_size": 3420,
        "num_heads": 16,
        "out_hidden_size": 2048,
        "fullatt_block_indexes": [7, 15, 23, 31],
    },
}


def is_trained(name: ModelName) -> bool:
    """Whether the model's responses mean anything, and end by themselves."""
    return name == "pocket"


def make_processor(name: ModelName) -> PaddleOCRVLProcessor:
    """A processor that needs no torchvision, of its own at each call."""
    if is_trained(name):
        processor: PaddleOCRVLProcessor = AutoProcessor.from_pretrained(WEIGHTS)
        processor.chat_template = CHAT_TEMPLATE
        return processor
    longest = MAX_IMAGE_TOKENS * CELL_PIXELS**2
    images = Qwen2VLImageProcessorPil(
        patch_size=PATCH, merge_size=MERGE, size={"shortest_edge": CELL_PIXELS**2, "longest_edge": longest}
    )
    return PaddleOCRVLProcessor(image_processor=images, tokenizer=_tokenizer(), chat_template=CHAT_TEMPLATE)


def make_model(name: ModelName, machine: Machine, *, seed: int = 0) -> PreTrainedModel:
    """The same weights at each call."""
    dtype: torch.dtype = getattr(torch, machine.dtype)
    if name == "pocket":
        # `to` of a model is typed for its class alone
        model: Any = AutoModelForImageTextToText.from_pretrained(WEIGHTS)
        return model.to(machine.device, dtype)
    with torch.random.fork_rng(), torch.device(machine.device):
        torch.manual_seed(seed)
        config = _model_config(_QWEN_11M if name == "qwen_11m" else _QWEN_3B)
        return AutoModelForImageTextToText.from_config(config, dtype=dtype)


def _model_config(sizes: dict[str, dict[str, Any]]) -> Qwen2_5_VLConfig:
    """What depends on the tokenizer is the same for all sizes; windows of the tower are Qwen2.5-VL's own."""
    tokenizer = _tokenizer()
    ids = tokenizer.get_vocab()
    text = {"vocab_size": len(tokenizer), "bos_token_id": None, "eos_token_id": ids[END], "pad_token_id": ids[PAD]}
    vision = {"patch_size": PATCH, "spatial_merge_size": MERGE, "window_size": 4 * CELL_PIXELS}
    return Qwen2_5_VLConfig(
        text_config={**text, "tie_word_embeddings": True, **sizes["text_config"]},
        vision_config={**vision, **sizes["vision_config"]},
        image_token_id=ids[IMAGE],
        video_token_id=ids[VIDEO],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


@cache
def _tokenizer() -> PreTrainedTokenizerFast:
    """Of the pocket's kind, from fewer texts: made in a second, with fewer entries."""
    texts = []
    for item in items("train", _NUM_ITEMS):
        texts += [BOXED.user_text(item.question()), item.short().trace, item.long().trace]
    return train_tokenizer(1000, texts)
