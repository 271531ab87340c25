"""The shipped model: an ordinary Hugging Face folder that needs neither synergy nor torchvision."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from synergy.pocket import FAMILIES, items
from synergy.prompts import PRESETS

LOAD_ELSEWHERE = """
import sys
sys.modules["synergy"] = sys.modules["torchvision"] = None  # as if they were not installed
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor
folder = sys.argv[1]
model, processor = AutoModelForImageTextToText.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
chat = [{"role": "user", "content": [{"type": "image", "image": Image.new("RGB", (84, 84))},
                                     {"type": "text", "text": "Count the circles."}]}]
inputs = processor.apply_chat_template(
    chat, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt")
assert (inputs["input_ids"] == model.config.image_token_id).sum() == 9
output = model.generate(**inputs, max_new_tokens=4)
assert output.shape[1] > inputs["input_ids"].shape[1]
assert not [name for name in sys.modules if name.startswith(("synergy.", "torchvision."))]
print(type(model).__name__, type(processor).__name__)
"""


@pytest.fixture(scope="module")
def tokenizer(weights: Path):
    return AutoTokenizer.from_pretrained(weights)


def test_it_loads_where_neither_synergy_nor_torchvision_is(weights: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOAD_ELSEWHERE, str(weights)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["Qwen2_5_VLForConditionalGeneration", "PaddleOCRVLProcessor"]


def test_it_is_small_and_safe(weights: Path) -> None:
    sizes = {file.name: file.stat().st_size for file in weights.iterdir()}
    assert sum(sizes.values()) <= 8_000_000
    assert set(sizes) >= {"model.safetensors", "config.json", "README.md", "card.json", "build.json"}
    assert not [name for name in sizes if name.endswith((".bin", ".pt", ".pkl"))]
    config = json.loads((weights / "config.json").read_text())
    assert config["model_type"] == "qwen2_5_vl"
    assert config["dtype"] == "float32"


def test_its_card_is_within_the_promised_bounds(weights: Path) -> None:
    card = json.loads((weights / "card.json").read_text())
    assert card["within"] is True
    assert 1_000_000 <= card["settings"]["parameters"] <= 2_000_000


def test_special_tokens_are_single_and_digits_stay_apart(tokenizer) -> None:
    for text in ("<think>", "</think>", "<|im_start|>", "<|im_end|>", "<|image_pad|>", "<|vision_start|>"):
        assert len(tokenizer(text)["input_ids"]) == 1
    assert [piece.lstrip("Ġ") for piece in tokenizer.tokenize("12 305")] == ["1", "2", "3", "0", "5"]
    assert 900 <= len(tokenizer) <= 1100
    kept = tokenizer.decode(tokenizer("<think> a</think> b<|im_end|>")["input_ids"], skip_special_tokens=True)
    assert kept == "<think> a</think> b"


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_text_round_trips(tokenizer, text: str) -> None:
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return  # a lone surrogate is no UTF-8
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text


def test_traces_keep_their_promised_lengths_and_long_ones_grow_with_the_level(tokenizer) -> None:
    mean_long = dict.fromkeys(range(1, 6), 0.0)
    for family in FAMILIES:
        for level in range(1, 6):
            chosen = items("train", 60, families=(family,), levels=(level,))
            short = [len(ids) for ids in tokenizer([item.short().trace for item in chosen])["input_ids"]]
            long = [len(ids) for ids in tokenizer([item.long().trace for item in chosen])["input_ids"]]
            assert min(short) >= 8, (family, level)
            assert max(short) <= 60, (family, level)
            assert min(long) >= 60, (family, level)
            assert max(long) <= 240, (family, level)
            mean_long[level] += sum(long) / len(long) / len(FAMILIES)
    assert list(mean_long.values()) == sorted(mean_long.values())


def test_the_chat_template_renders_turns_and_images(tokenizer) -> None:
    parts = [{"type": "image"}, {"type": "text", "text": "Q?"}]
    system = PRESETS["answer_tags"].system
    text = tokenizer.apply_chat_template(
        [{"role": "system", "content": system}, {"role": "user", "content": parts}],
        tokenize=False,
        add_generation_prompt=True,
    )
    assert text == (
        f"<|im_start|>system\n{system}<|im_end|>\n"
        "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>Q?<|im_end|>\n<|im_start|>assistant\n"
    )
