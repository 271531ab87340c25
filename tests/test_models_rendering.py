"""Rendering: token for token the processor's, for no image, one and several; limits; responses and their end."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from tokenizers.processors import TemplateProcessing
from transformers import PaddleOCRVLProcessor

from synergy.config.model import ModelConfig, RenderingConfig
from synergy.errors import InputError
from synergy.models.loading import LoadedModel, load_model
from synergy.models.prompt import Dropped, Prompt
from synergy.models.rendering import Renderer
from synergy.models.trees import group_tree, make_batch
from synergy.pocket.build.examples import prompt_text
from synergy.pocket.world import items
from synergy.prompts import ANSWER_TAGS, BOXED, PromptPreset
from synergy.records import Problem


@pytest.fixture(scope="module")
def loaded(untrained: Path) -> LoadedModel:
    return load_model(ModelConfig(checkpoint=str(untrained)))


@pytest.fixture(scope="module")
def problem() -> Problem:
    return next(iter(items("train", 1, seed=3))).problem()


def _with(loaded: LoadedModel, config: RenderingConfig) -> Renderer:
    usual = loaded.renderer
    return Renderer(
        loaded.processor,
        config,
        visual_tokens=usual.visual_tokens,
        positions=usual.positions,
        family=usual.family,
    )


@pytest.mark.parametrize("num_images", [0, 1, 3])
@pytest.mark.parametrize("preset", [None, BOXED, ANSWER_TAGS], ids=["bare", "boxed", "answer_tags"])
def test_the_same_as_the_processors_own(
    loaded: LoadedModel, problem: Problem, num_images: int, preset: PromptPreset | None
):
    others = [item.problem().images[0] for item in items("train", 3, seed=4)]
    asked = replace(problem, images=tuple(others[:num_images]))
    processor = loaded.processor
    assert isinstance(processor, PaddleOCRVLProcessor)
    text = prompt_text(processor, asked, preset)
    images = [list(asked.images)] if asked.images else None
    want = cast(Any, processor)(text=[text], images=images, return_tensors="pt")
    prompt = loaded.renderer.render(asked, preset)
    assert loaded.renderer.text(asked, preset) == text
    assert torch.equal(prompt.token_ids, want["input_ids"][0])
    assert len(prompt.items) == num_images
    assert set(prompt.model_inputs) == set(want) - {"input_ids", "attention_mask"}
    for name, tensor in prompt.model_inputs.items():
        assert torch.equal(tensor, want[name])
    if num_images:
        parts = [item.inputs["pixel_values"] for item in prompt.items]
        assert torch.equal(torch.cat(parts), want["pixel_values"])


def test_a_start_token_is_not_written_twice(loaded: LoadedModel, problem: Problem, untrained: Path):
    processor = PaddleOCRVLProcessor.from_pretrained(untrained)
    tokenizer = processor.tokenizer
    tokenizer.bos_token = "<|im_start|>"
    start = ("<|im_start|>", tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<|im_start|> $A", special_tokens=[start])
    assert tokenizer("x").input_ids[0] == tokenizer.bos_token_id
    renderer = _with(replace(loaded, processor=processor), RenderingConfig())
    assert torch.equal(renderer.render(problem, BOXED).token_ids, loaded.renderer.render(problem, BOXED).token_ids)


def test_a_picture_is_processed_once(loaded: LoadedModel, problem: Problem, monkeypatch: pytest.MonkeyPatch):
    renderer = _with(loaded, RenderingConfig())
    first = renderer.prompt(problem, BOXED)
    monkeypatch.setattr(renderer, "render", None)
    second = renderer.prompt(replace(problem, id="the same under another name"), BOXED)
    assert isinstance(first, Prompt)
    assert isinstance(second, Prompt)
    assert second.problem_id == "the same under another name"
    assert second.token_ids is first.token_ids
    assert 0 < renderer.cache.num_bytes == first.num_bytes


def test_another_picture_with_the_same_question_is_another_prompt(loaded: LoadedModel, problem: Problem):
    other = replace(problem, images=(problem.images[0].rotate(180),))
    keys = [loaded.renderer.render(one, BOXED).items[0].key for one in (problem, other)]
    assert keys[0] != keys[1]


def test_too_large(loaded: LoadedModel, problem: Problem):
    small = RenderingConfig(max_prompt_tokens=10, max_image_pixels=10**6)
    limits = "expected at most 10 tokens and 1000000 pixels"
    with pytest.raises(InputError, match=rf"problem '{problem.id}': the prompt has \d+ tokens and .* {limits}"):
        _with(loaded, small).prompt(problem, BOXED)
    dropped = _with(loaded, RenderingConfig(max_image_pixels=100, too_large="drop")).prompt(problem, BOXED)
    assert isinstance(dropped, Dropped)
    assert dropped.problem_id == problem.id
    assert "expected at most 8192 tokens and 100 pixels" in dropped.reason


def test_a_question_with_a_visual_token(loaded: LoadedModel, problem: Problem):
    with pytest.raises(InputError, match=r"problem 'bad': the processor refuses it: .*image_pad"):
        loaded.renderer.prompt(replace(problem, id="bad", question="Look: <|image_pad|>"), BOXED)


def test_responses(loaded: LoadedModel):
    renderer, tokenizer = loaded.renderer, loaded.renderer.tokenizer
    assert tokenizer.convert_ids_to_tokens(renderer.end_token_id) == "<|im_end|>"
    text = "<think> so</think> \\boxed{4}"
    ids = renderer.response("p", text)
    assert ids[-1] == renderer.end_token_id
    assert tokenizer.decode(ids[:-1]) == text
    assert renderer.response("p", [5, 6]).tolist() == [5, 6]


@pytest.mark.parametrize("token", ["<|image_pad|>", "<|vision_start|>", "<|video_pad|>"])
def test_a_response_with_a_visual_token(loaded: LoadedModel, problem: Problem, token: str):
    with pytest.raises(InputError, match=r"problem 'p': the response holds the visual token <\|\w+\|>"):
        loaded.renderer.response("p", f"Look {token} here")
    ids = [loaded.renderer.tokenizer.convert_tokens_to_ids(token)]
    batch = make_batch([group_tree(loaded.renderer.render(problem, None), [ids])])
    with pytest.raises(InputError, match=rf"problem '{problem.id}': a response holds a visual token"):
        loaded.policy(batch)


def test_the_end_token_may_be_named(loaded: LoadedModel):
    renderer = _with(loaded, RenderingConfig(end_token="<|endoftext|>"))
    assert renderer.response("p", "x")[-1] == renderer.tokenizer.pad_token_id
    with pytest.raises(InputError, match="end_token 'nonsense' is not in the vocabulary"):
        _with(loaded, RenderingConfig(end_token="nonsense"))
