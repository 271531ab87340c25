"""Loading a pocket model and sampling it with `model.generate`: enough to describe it, and free of our own engine."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    PaddleOCRVLProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLForConditionalGeneration,
)

from synergy.grading import Attempt, grade_many
from synergy.pocket.build.examples import prompt_text
from synergy.prompts import PromptPreset
from synergy.records import Problem, Rollout, RolloutGroup, StopReason

MAX_NEW_TOKENS = 160
_ROWS_PER_CALL = 128


@dataclass(frozen=True)
class Sampled:
    """Graded attempts, and how fast they came."""

    groups: tuple[RolloutGroup, ...]
    num_tokens: int
    seconds: float

    @property
    def rollouts(self) -> list[Rollout]:
        """All attempts of all groups."""
        return [rollout for group in self.groups for rollout in group.rollouts]

    @property
    def accuracy(self) -> float:
        """Correct attempts over all attempts."""
        return float(np.mean([group.pass_rate for group in self.groups]))

    @property
    def format_rate(self) -> float:
        """The share of attempts laid out as the preset asks."""
        return float(np.mean([r.verdict.parts["format"] if r.verdict else 0.0 for r in self.rollouts]))

    @property
    def truncation_rate(self) -> float:
        """The share of attempts that the token limit cut off."""
        return float(np.mean([rollout.stop_reason is StopReason.LENGTH for rollout in self.rollouts]))


def load_pocket(folder: Path) -> tuple[Qwen2_5_VLForConditionalGeneration, PaddleOCRVLProcessor]:
    """Model and processor of a pocket folder, as anyone would load them."""
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    return model, AutoProcessor.from_pretrained(folder)


def sample(
    model: Qwen2_5_VLForConditionalGeneration,
    processor: PaddleOCRVLProcessor,
    problems: Sequence[Problem],
    preset: PromptPreset,
    *,
    num_samples: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Sampled:
    """`num_samples` graded attempts at each problem, at temperature 1 from the whole distribution.

    Visual tokens are never emitted: a response that holds one could not be trained on.
    """
    torch.manual_seed(seed)
    model.eval()
    order = sorted(range(len(problems)), key=lambda index: len(problems[index].question))
    per_call = max(1, _ROWS_PER_CALL // num_samples)
    groups: dict[int, RolloutGroup] = {}
    started = time.perf_counter()
    for start in range(0, len(order), per_call):
        chosen = order[start : start + per_call]
        batch = [problems[index] for index in chosen]
        for index, group in zip(chosen, _attempts(model, processor, batch, preset, num_samples), strict=True):
            groups[index] = group
        progress(len(groups))
    seconds = time.perf_counter() - started
    ordered = tuple(groups[index] for index in range(len(problems)))
    num_tokens = sum(len(rollout.token_ids) for group in ordered for rollout in group.rollouts)
    return Sampled(_graded(ordered, preset), num_tokens, seconds)


def _attempts(
    model: Qwen2_5_VLForConditionalGeneration,
    processor: PaddleOCRVLProcessor,
    problems: Sequence[Problem],
    preset: PromptPreset,
    num_samples: int,
) -> list[RolloutGroup]:
    tokenizer = processor.tokenizer
    texts = [prompt_text(processor, problem, preset) for problem in problems]
    images = [image for problem in problems for image in problem.images] or None
    # transformers types neither the processor's keyword arguments nor `generate` on a model class
    inputs = cast(Any, processor)(text=texts, images=images, padding=True, return_tensors="pt")
    vision_ids = [model.config.image_token_id, model.config.video_token_id]
    with torch.inference_mode():
        output = cast(Any, model).generate(
            **inputs,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            num_return_sequences=num_samples,
            max_new_tokens=MAX_NEW_TOKENS,
            suppress_tokens=vision_ids,
        )
    responses = output[:, inputs["input_ids"].shape[1] :].numpy()
    rollouts = [
        _rollout(problems[row // num_samples].id, row % num_samples, ids, tokenizer)
        for row, ids in enumerate(responses)
    ]
    return [
        RolloutGroup(problem=problem, rollouts=tuple(rollouts[index * num_samples : (index + 1) * num_samples]))
        for index, problem in enumerate(problems)
    ]


def _rollout(problem_id: str, sample_index: int, ids: np.ndarray, tokenizer: PreTrainedTokenizerFast) -> Rollout:
    """One response with padding and end token cut off; without an end token the limit struck."""
    ends = np.flatnonzero(ids == tokenizer.eos_token_id)
    ids = ids[: ends[0] + 1] if len(ends) else ids
    return Rollout(
        problem_id=problem_id,
        sample_index=sample_index,
        token_ids=ids,
        text=str(tokenizer.decode(ids, skip_special_tokens=True)),
        stop_reason=StopReason.STOP if len(ends) else StopReason.LENGTH,
    )


def _graded(groups: Sequence[RolloutGroup], preset: PromptPreset) -> tuple[RolloutGroup, ...]:
    attempts = [
        Attempt(problem=group.problem, response=rollout.text, stop_reason=rollout.stop_reason)
        for group in groups
        for rollout in group.rollouts
    ]
    verdicts = iter(grade_many(attempts, preset=preset))
    return tuple(
        replace(group, rollouts=tuple(replace(rollout, verdict=next(verdicts)) for rollout in group.rollouts))
        for group in groups
    )
