"""An untrained pocket model as a Hugging Face folder: config, tokenizer, image processor and chat template.

The folder loads with plain `AutoModelForImageTextToText` and `AutoProcessor`, without synergy and without
torchvision: the processor is a stock image-only class (PaddleOCR-VL's), because Qwen's own also builds a video half
that needs torchvision.
"""

from pathlib import Path

import torch
from transformers import (
    PaddleOCRVLProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from synergy.config.build import PocketBuildConfig
from synergy.pocket.build.tokenizer import END, IMAGE, PAD, VIDEO
from synergy.pocket.scenes import CELL_PIXELS

PATCH, MERGE = 14, 2  #: a visual token is PATCH·MERGE = 28 pixels a side: one cell
MAX_PIXELS = 448 * 448

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build_processor(tokenizer: PreTrainedTokenizerFast) -> PaddleOCRVLProcessor:
    """The processor: Qwen's image processor on its PIL back-end, the pocket tokenizer, the chat template."""
    images = Qwen2VLImageProcessorPil(
        patch_size=PATCH,
        merge_size=MERGE,
        size={"shortest_edge": CELL_PIXELS**2, "longest_edge": MAX_PIXELS},
    )
    return PaddleOCRVLProcessor(image_processor=images, tokenizer=tokenizer, chat_template=CHAT_TEMPLATE)


def build_model_config(config: PocketBuildConfig, tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLConfig:
    """A Qwen2.5-VL configuration at pocket size.

    Weights start at 1/√width: at so small a width the usual 0.02 makes attention so faint that the model did not
    begin to look at the picture within a thousand steps.
    """
    ids = tokenizer.get_vocab()
    text, vision = config.model, config.model.vision
    head_size = text.hidden_size // text.num_heads
    third = head_size // 6
    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": text.hidden_size,
            "intermediate_size": text.intermediate_size,
            "num_hidden_layers": text.num_layers,
            "num_attention_heads": text.num_heads,
            "num_key_value_heads": text.num_kv_heads,
            "max_position_embeddings": 4096,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10_000.0,
                "mrope_section": [head_size // 2 - 2 * third, third, third],
            },
            "initializer_range": text.hidden_size**-0.5,
            "tie_word_embeddings": True,
            "bos_token_id": None,
            "eos_token_id": ids[END],
            "pad_token_id": ids[PAD],
        },
        vision_config={
            "depth": vision.depth,
            "initializer_range": vision.hidden_size**-0.5,
            "hidden_size": vision.hidden_size,
            "intermediate_size": vision.intermediate_size,
            "num_heads": vision.num_heads,
            "out_hidden_size": text.hidden_size,
            "patch_size": PATCH,
            "spatial_merge_size": MERGE,
            "window_size": 4 * CELL_PIXELS,
            "fullatt_block_indexes": list(range(vision.depth)),
        },
        image_token_id=ids[IMAGE],
        video_token_id=ids[VIDEO],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def build_model(config: PocketBuildConfig, tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLForConditionalGeneration:
    """A freshly initialised model; its weights depend on `config.seed` alone.

    What a layer adds to the residual stream starts at 1/√(2·layers) of the usual scale (as GPT-2's did), else the
    first layers drown the embeddings and the model learns to look a third later.
    """
    torch.manual_seed(config.seed)
    model = Qwen2_5_VLForConditionalGeneration(build_model_config(config, tokenizer))
    with torch.no_grad():
        for name, weight in model.model.language_model.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weight.mul_((2 * config.model.num_layers) ** -0.5)
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(END)
    model.generation_config.pad_token_id = tokenizer.convert_tokens_to_ids(PAD)
    return model


def save_checkpoint(model: Qwen2_5_VLForConditionalGeneration, processor: PaddleOCRVLProcessor, folder: Path) -> None:
    """Write model, processor and chat template as a `from_pretrained` folder."""
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
