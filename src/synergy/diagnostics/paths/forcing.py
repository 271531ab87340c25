"""Making a model answer now: the probability of an answer at each boundary between steps of a stored response.

Behind each boundary stand the words `FORCED`, then the answer and the first token of what closes it (so that "1" is not
"12"). Words, like the rest, are ours: the papers do not measure this. All boundaries of a response are one tree, so its
steps are computed once.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from synergy.diagnostics.paths.thinking import Step
from synergy.errors import InputError
from synergy.models.loading import LoadedModel
from synergy.models.prompt import Dropped
from synergy.models.trees import Branch, Tree, make_batch, micro_batches
from synergy.prompts import THINK_CLOSE, PromptPreset
from synergy.records import Problem

FORCED = " So the answer is"
_TOKENS_PER_BATCH = 4096


@dataclass(frozen=True, kw_only=True)
class Forced:
    """What is asked of one response."""

    problem: Problem
    text: str  #: the response
    steps: Sequence[Step]
    answers: Sequence[str]  #: whose probability is wanted


@dataclass(frozen=True, kw_only=True)
class ForcedScores:
    """What came of it."""

    log2_probs: list[list[float]]  #: by answer, at each boundary: before the first step, then after each step
    num_tokens: list[int]  #: of each step


def force_answers(
    loaded: LoadedModel,
    preset: PromptPreset | None,
    asked: Sequence[Forced],
    on_progress: Callable[[int, int], None] = lambda num_done, num: None,
) -> list[ForcedScores]:
    """Score all of them, in order; raises InputError for a problem too large for the model's limits."""
    planned = [_plan(loaded, preset, each) for each in asked]
    trees = [tree for tree, _ in planned]
    found: list[ForcedScores] = []
    loaded.model.eval()
    for indices in micro_batches(trees, _TOKENS_PER_BATCH):
        batch = make_batch([trees[index] for index in indices])
        with torch.inference_mode():
            logprobs = loaded.policy(batch).logprobs.double()
        sums = iter([float(part.sum()) / math.log(2) for part in logprobs.split(list(batch.branch_lengths))])
        for index in indices:
            each, (_, num_tokens) = asked[index], planned[index]
            at_boundaries = [[next(sums) for _ in each.answers] for _ in range(len(each.steps) + 1)]
            by_answer = [list(values) for values in zip(*at_boundaries, strict=True)]
            found.append(ForcedScores(log2_probs=by_answer, num_tokens=num_tokens))
        on_progress(len(found), len(asked))
    return found


def _plan(loaded: LoadedModel, preset: PromptPreset | None, asked: Forced) -> tuple[Tree, list[int]]:
    """The tree of a response with its probes, and the tokens of each step."""
    prompt = loaded.renderer.prompt(asked.problem, preset)
    if isinstance(prompt, Dropped):
        raise InputError(f"problem '{asked.problem.id}': {prompt.reason}")
    tokenizer: Any = loaded.renderer.tokenizer
    pieces = _pieces(tokenizer, asked)
    question = _ids(tokenizer, FORCED)
    answers = [_answer_ids(tokenizer, each) for each in asked.answers]
    branches: list[Branch] = []
    parent: int | None = None
    for piece in pieces:
        if len(piece):
            branches.append(Branch(token_ids=piece, parent=parent, scored=False))
            parent = len(branches) - 1
        branches.append(Branch(token_ids=question, parent=parent, scored=False))
        asking = len(branches) - 1
        branches += [Branch(token_ids=ids, parent=asking) for ids in answers]
    return Tree(prompt=prompt, branches=tuple(branches)), [len(piece) for piece in pieces[1:]]


def _pieces(tokenizer: Any, asked: Forced) -> list[torch.Tensor]:
    """Token ids of what precedes the first step, and of each step; a token belongs to where it begins."""
    stops = [asked.steps[0].start if asked.steps else 0, *(step.end for step in asked.steps)]
    text = asked.text[: stops[-1]]
    stops[0] = len(text[: stops[0]].rstrip())
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, starts = encoded["input_ids"], [start for start, _ in encoded["offset_mapping"]]
    pieces: list[torch.Tensor] = []
    position = 0
    for stop in stops:
        num = sum(start < stop for start in starts[position:])
        pieces.append(torch.tensor(ids[position : position + num], dtype=torch.int64))
        position += num
    return pieces


def _answer_ids(tokenizer: Any, answer: str) -> torch.Tensor:
    """An answer after a space, with the first token of what closes it."""
    return torch.cat([_ids(tokenizer, f" {answer}"), _ids(tokenizer, THINK_CLOSE)[:1]])


def _ids(tokenizer: Any, text: str) -> torch.Tensor:
    return torch.tensor(tokenizer(text, add_special_tokens=False)["input_ids"], dtype=torch.int64)
