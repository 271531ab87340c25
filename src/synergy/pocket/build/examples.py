"""Training examples of the build: rendered prompts and responses as padded batches for the Hugging Face model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PaddleOCRVLProcessor

from synergy.config.build import PicturesStageConfig
from synergy.pocket.build.facts import Fact, facts
from synergy.pocket.families import BASE_SKILL, TRAINING_FAMILIES
from synergy.pocket.families.describe import DESCRIBE, DescribeTask
from synergy.pocket.scenes import Scene
from synergy.pocket.tasks import LEVELS
from synergy.pocket.world import Item, make_item
from synergy.prompts import PRESETS, PromptPreset
from synergy.records import Problem

_IGNORED = -100


@dataclass(frozen=True, eq=False)
class Row:
    """One example."""

    problem: Problem
    preset: PromptPreset | None  #: None asks the bare question
    response: str  #: the whole response without its end token
    given: tuple[tuple[int, int], ...] = ()  #: where in the response text stands that is not taught: start, end


@dataclass(frozen=True, eq=False)
class Batch:
    """A right-padded batch; images are in the order of the rows."""

    input_ids: Int[Tensor, "rows length"]
    attention_mask: Int[Tensor, "rows length"]
    labels: Int[Tensor, "rows length"]  #: -100 everywhere but on response tokens
    pixel_values: Float[Tensor, "patches 1176"]
    image_grid_thw: Int[Tensor, "images 3"]  #: time, rows and columns in patches
    mm_token_type_ids: Int[Tensor, "rows length"]  #: 1 on image tokens


def prompt_text(processor: PaddleOCRVLProcessor, problem: Problem, preset: PromptPreset | None) -> str:
    """The chat up to where the assistant's turn starts, one placeholder an image."""
    asked = preset.user_text(problem.question) if preset else problem.question
    system = preset.system if preset else None
    content: list[dict[str, str]] = [{"type": "image"} for _ in problem.images]
    content.append({"type": "text", "text": asked})
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": content})
    return processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def make_batch(processor: PaddleOCRVLProcessor, rows: Sequence[Row]) -> Batch:
    """Rows with one image each as one batch; the responses get their end token here."""
    tokenizer = processor.tokenizer
    images = processor.image_processor([list(row.problem.images) for row in rows], return_tensors="pt")
    tokens_per_image = (images["image_grid_thw"].prod(1) // processor.image_processor.merge_size**2).tolist()
    prompts = [
        prompt_text(processor, row.problem, row.preset).replace(processor.image_token, processor.image_token * count)
        for row, count in zip(rows, tokens_per_image, strict=True)
    ]
    prompt_ids = tokenizer(prompts, add_special_tokens=False)["input_ids"]
    responses = [row.response + tokenizer.eos_token for row in rows]
    encoded = tokenizer(responses, add_special_tokens=False, return_offsets_mapping=True)
    response_ids = encoded["input_ids"]
    length = max(len(p) + len(r) for p, r in zip(prompt_ids, response_ids, strict=True))
    ids = np.full((len(rows), length), tokenizer.pad_token_id)
    mask = np.zeros((len(rows), length), dtype=np.int64)
    labels = np.full((len(rows), length), _IGNORED)
    for row, (prompt, response) in enumerate(zip(prompt_ids, response_ids, strict=True)):
        end = len(prompt) + len(response)
        ids[row, : len(prompt)], ids[row, len(prompt) : end] = prompt, response
        offsets = encoded["offset_mapping"][row]
        labels[row, len(prompt) : end] = [
            _IGNORED if any(first <= start and stop <= last for first, last in rows[row].given) else token
            for token, (start, stop) in zip(response, offsets, strict=True)
        ]
        mask[row, :end] = 1
    input_ids = torch.from_numpy(ids)
    return Batch(
        input_ids,
        torch.from_numpy(mask),
        torch.from_numpy(labels),
        images["pixel_values"],
        images["image_grid_thw"],
        (input_ids == processor.image_token_id).long(),
    )


def _draw_item(rng: Random, family: str, level_weights: Sequence[float], index: int, seed: int) -> Item:
    (level,) = rng.choices(LEVELS, level_weights)
    return make_item("train", family, level, index, seed)


def picture_rows(seed: int, step: int, config: PicturesStageConfig) -> list[Row]:
    """Pictures of all training families and of the base skill, each with its caption or with facts about it.

    Captions come first and alone: the way from place to content is found soon where all of the text asks for it,
    and the facts build on it.

    They are asked for without a preset: the bare text is half as long as a response with reasoning, and all of it
    has to be seen.
    """
    rng = Random(f"{seed}/pictures/{step}")
    facts_fraction = config.facts_fraction if step >= config.captions_first_fraction * config.num_steps else 0.0
    rows = []
    for row in range(config.batch_size):
        family = rng.choice(_PICTURE_FAMILIES)
        item = _draw_item(rng, family, (1, 1, 1, 1, 1), step * config.batch_size + row, seed)
        scene = item.task.picture
        assert isinstance(scene, Scene)
        if rng.random() < facts_fraction:
            problem = replace(item.problem(), question=_FACTS_QUESTION)
            rows.append(_facts_row(problem, facts(scene, rng)))
        else:
            described = Item(item.id, DESCRIBE, item.level, DescribeTask(scene))
            rows.append(Row(described.problem(), None, described.caption()))
    return rows


def _facts_row(problem: Problem, stated: Sequence[Fact]) -> Row:
    """The facts as sentences; what they are about is given, not taught."""
    text, given = "", []
    for fact in stated:
        for index, piece in enumerate((f". {fact[0]}" if text else fact[0], *fact[1:])):
            if index % 2 == 0:
                given.append((len(text), len(text) + len(piece)))
            text += piece
    return Row(problem, None, text, tuple(given))


#: boards with digits on their shapes are the rarest and the hardest to read, so `sum` comes more often
_PICTURE_FAMILIES = (*TRAINING_FAMILIES, BASE_SKILL, BASE_SKILL, "sum", "sum")
_FACTS_QUESTION = "State facts about the picture."
_RETAINED_SHARE = 0.15  #: of captions among the short answers, so that seeing is not forgotten


def answer_rows(seed: int, step: int, size: int, level_weights: Sequence[float]) -> list[Row]:
    """Problems of the training families with short traces, and some captions."""
    rng = Random(f"{seed}/answers/{step}")
    rows = []
    for row in range(size):
        retained = rng.random() < _RETAINED_SHARE
        family = BASE_SKILL if retained else rng.choice(TRAINING_FAMILIES)
        weights = (1, 1, 1, 1, 1) if retained else level_weights
        rows.append(_row(rng, _draw_item(rng, family, weights, 1_000_000 + step * size + row, seed)))
    return rows


def _row(rng: Random, item: Item) -> Row:
    preset, demonstration = rng.choice(list(PRESETS.values())), item.short()
    return Row(item.problem(), preset, preset.response(demonstration.trace, demonstration.answer))
