"""Training examples of the build: rendered prompts and responses as padded batches for the Hugging Face model."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PaddleOCRVLProcessor

from synergy.config.build import PicturesStageConfig
from synergy.pocket.build.facts import completion, practice
from synergy.pocket.build.pictures import training_picture
from synergy.pocket.build.pieces import Piece, caption_pieces
from synergy.pocket.families import BASE_SKILL, TRAINING_FAMILIES
from synergy.pocket.tasks import LEVELS, ending, sentences
from synergy.pocket.world import Item, make_item
from synergy.prompts import PRESETS, PromptPreset
from synergy.records import Problem

_IGNORED = -100


@dataclass(frozen=True, eq=False)
class Row:
    """One example."""

    problem: Problem
    preset: PromptPreset | None  #: None asks the bare question
    pieces: tuple[Piece, ...]  #: the response without its end token

    @property
    def response(self) -> str:
        """The whole response without its end token."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, eq=False)
class Batch:
    """A right-padded batch; images are in the order of the rows."""

    input_ids: Int[Tensor, "rows length"]
    attention_mask: Int[Tensor, "rows length"]
    labels: Int[Tensor, "rows length"]  #: -100 everywhere but on taught tokens of the response
    pixel_values: Float[Tensor, "patches 1176"]
    image_grid_thw: Int[Tensor, "images 3"]  #: time, rows and columns in patches
    mm_token_type_ids: Int[Tensor, "rows length"]  #: 1 on image tokens
    gaze: Int[Tensor, "looks 3"]  #: row, position that predicts a token, position of a cell that says what it is
    gaze_share: Float[Tensor, "looks"]  #: 1 over the number of cells that say it


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
    gaze: list[tuple[int, int, int]] = []
    shares: list[float] = []
    for row, (prompt, response) in enumerate(zip(prompt_ids, response_ids, strict=True)):
        start, end = len(prompt), len(prompt) + len(response)
        ids[row, :start], ids[row, start:end] = prompt, response
        mask[row, :end] = 1
        first_cell, side = prompt.index(processor.image_token_id), math.isqrt(tokens_per_image[row])
        pieces = _piece_of_each_token(rows[row].pieces, encoded["offset_mapping"][row])
        for position, piece in enumerate(pieces, start=start):
            if piece.given:
                continue
            labels[row, position] = ids[row, position]
            for line, column in piece.seen_at:
                gaze.append((row, position - 1, first_cell + (line - 1) * side + column - 1))
                shares.append(1 / len(piece.seen_at))
    input_ids = torch.from_numpy(ids)
    return Batch(
        input_ids,
        torch.from_numpy(mask),
        torch.from_numpy(labels),
        images["pixel_values"],
        images["image_grid_thw"],
        (input_ids == processor.image_token_id).long(),
        torch.tensor(gaze, dtype=torch.long).reshape(-1, 3),
        torch.tensor(shares),
    )


def _piece_of_each_token(pieces: Sequence[Piece], offsets: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """The piece in which each token ends; the end token is a piece of its own."""
    ends = list(accumulate(len(piece.text) for piece in pieces))
    every = (*pieces, Piece(""))
    return (every[bisect_left(ends, stop)] for _, stop in offsets)


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
    first = step * config.batch_size
    return [
        (_facts_row if rng.random() < facts_fraction else _caption_row)(rng, first + row, seed)
        for row in range(config.batch_size)
    ]


def _caption_row(rng: Random, index: int, seed: int) -> Row:
    item, scene = training_picture(rng, index, seed)
    return Row(item.problem(), None, tuple(caption_pieces(scene)))


def _facts_row(rng: Random, index: int, seed: int) -> Row:
    item, scene = training_picture(rng, index, seed)
    question, pieces = practice(scene, rng)
    return Row(replace(item.problem(), question=question), None, tuple(pieces))


def _completion_row(rng: Random, index: int, seed: int) -> Row:
    """A fact as a question, so that answers to any kind of picture are not of one kind only."""
    item, scene = training_picture(rng, index, seed, "expression" if rng.random() < _PLOTS_COMPLETED else None)
    completed = completion(scene, rng)
    if completed is None:
        return _facts_row(rng, index, seed)
    question, trace, answer = completed
    preset, trace = rng.choice(list(PRESETS.values())), sentences(trace, ending(rng, answer))
    return Row(replace(item.problem(), question=question), preset, (Piece(preset.response(trace, answer)),))


#: among the short answers, so that seeing is not forgotten and looking things up goes on
_CAPTIONS_SHARE, _FACTS_SHARE, _COMPLETIONS_SHARE = 0.1, 0.1, 0.15
_PLOTS_COMPLETED = 0.5  #: of completions are about plots, which are few otherwise
_ANSWERS_START = 1_000_000  #: items up to here are the earlier stage's


def answer_rows(seed: int, step: int, size: int, level_weights: Sequence[float]) -> list[Row]:
    """Problems of the training families with short traces; some captions, facts and completions of facts."""
    rng = Random(f"{seed}/answers/{step}")
    shares = (_CAPTIONS_SHARE, _FACTS_SHARE, _COMPLETIONS_SHARE)
    rows = []
    for index in range(_ANSWERS_START + step * size, _ANSWERS_START + (step + 1) * size):
        (kind,) = rng.choices(("caption", "facts", "completion", "answer"), (*shares, 1 - sum(shares)))
        match kind:
            case "caption":
                rows.append(_answer_row(rng, _draw_item(rng, BASE_SKILL, (1, 1, 1, 1, 1), index, seed)))
            case "facts":
                rows.append(_facts_row(rng, index, seed))
            case "completion":
                rows.append(_completion_row(rng, index, seed))
            case _:
                family = rng.choice(TRAINING_FAMILIES)
                rows.append(_answer_row(rng, _draw_item(rng, family, level_weights, index, seed)))
    return rows


def _answer_row(rng: Random, item: Item) -> Row:
    preset, demonstration = rng.choice(list(PRESETS.values())), item.short()
    return Row(item.problem(), preset, (Piece(preset.response(demonstration.trace, demonstration.answer)),))
