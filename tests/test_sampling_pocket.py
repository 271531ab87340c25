"""The local sampler on the shipped pocket model, whose responses end by themselves: what is promised, at its size."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from synergy.config.model import ModelConfig
from synergy.config.sampling import LocalConfig, SamplingConfig
from synergy.models.loading import LoadedModel, load_model
from synergy.models.trees import group_tree, make_batch
from synergy.pocket.world import items
from synergy.prompts import BOXED
from synergy.records import Purpose, Rollout, RolloutGroup, SampleRequest
from synergy.sampling.backends import open_sampler

MAX_TOKENS = 160


@pytest.fixture(scope="module")
def shipped(weights: Path) -> LoadedModel:
    return load_model(ModelConfig(checkpoint=str(weights), device="cpu"))


def _sample(
    loaded: LoadedModel, num_problems: int, num_samples: int, *, temperature: float = 1.0, **local: Any
) -> list[RolloutGroup]:
    config = SamplingConfig(max_tokens=MAX_TOKENS, local=LocalConfig(**local))
    requests = [
        SampleRequest(problem=item.problem(), num_samples=num_samples)
        for item in items("evaluation", num_problems, seed=5)
    ]
    return open_sampler(loaded, config, BOXED, seed=0).sample(
        requests, purpose=Purpose.EVALUATE, temperature=temperature
    )


def _greedy(loaded: LoadedModel, group: RolloutGroup) -> list[int]:
    prompt = loaded.renderer.render(group.problem, BOXED)
    tokenizer = loaded.renderer.tokenizer
    config = GenerationConfig(
        max_new_tokens=MAX_TOKENS,
        do_sample=False,
        suppress_tokens=sorted(loaded.renderer.visual_tokens.banned),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model: Any = loaded.model
    with torch.no_grad():
        output = model.eval().generate(
            **prompt.model_inputs, input_ids=prompt.token_ids[None], generation_config=config
        )
    return output[0, prompt.num_tokens :].tolist()


@pytest.mark.parametrize("num_problems", [24, pytest.param(300, marks=pytest.mark.slow)])
def test_greedy_is_generates(num_problems: int, shipped: LoadedModel):
    groups = _sample(shipped, num_problems, 1, temperature=0)
    lengths = [len(group.rollouts[0].token_ids) for group in groups]
    assert len(groups) == num_problems
    assert len(set(lengths)) > 8
    assert min(lengths) < MAX_TOKENS
    for group in groups:
        assert group.rollouts[0].token_ids.tolist() == _greedy(shipped, group), group.problem.id


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.5])
def test_log_probs_are_the_trainers(temperature: float, shipped: LoadedModel):
    groups = _sample(shipped, 12, 4, temperature=temperature)
    trees = [
        group_tree(shipped.renderer.render(group.problem, BOXED), [rollout.token_ids for rollout in group.rollouts])
        for group in groups
    ]
    with torch.no_grad():
        want = shipped.policy(make_batch(trees), temperature=temperature).logprobs.numpy()
    found = [rollout.sampler_logprobs for group in groups for rollout in group.rollouts]
    assert np.abs(np.concatenate([each for each in found if each is not None]) - want).max() <= 1e-4


@pytest.mark.parametrize("num_problems", [16, pytest.param(400, marks=pytest.mark.slow)])
def test_beside_what_a_response_is_decoded_changes_at_most_one_token_in_100_000(
    num_problems: int, shipped: LoadedModel
):
    usual = _rollouts(_sample(shipped, num_problems, 8))
    num_tokens = sum(len(rollout.token_ids) for rollout in usual)
    if num_problems == 400:
        assert num_tokens > 100_000
    others = _rollouts(_sample(shipped, num_problems, 8, slots=24, cohort=8, prefill_tokens=400))
    # after a token that differs a response goes its own way: one for each such response
    num_changed = sum(not np.array_equal(a.token_ids, b.token_ids) for a, b in zip(usual, others, strict=True))
    assert num_changed <= num_tokens / 100_000


def _rollouts(groups: Sequence[RolloutGroup]) -> list[Rollout]:
    return [rollout for group in groups for rollout in group.rollouts]
