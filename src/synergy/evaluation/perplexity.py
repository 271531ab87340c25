"""How surprising worked answers are to a model."""

import math
from collections.abc import Callable

import torch

from synergy.config.model import ModelConfig
from synergy.data.examples import Examples
from synergy.evaluation.opening import resolved_checkpoint
from synergy.models.loading import load_model
from synergy.models.trees import group_tree, make_batch
from synergy.prompts import PromptPreset
from synergy.training.demonstrations import demonstration_group

_PROBLEMS_AT_ONCE = 16


def perplexities(
    model: ModelConfig, examples: Examples, preset: PromptPreset, on_progress: Callable[[int, int], None]
) -> dict[str, float]:
    """By problem, exp of minus the mean log-probability of its demonstrations' response tokens, at temperature 1."""
    loaded = load_model(resolved_checkpoint(model))
    loaded.model.eval()
    found: dict[str, float] = {}
    for start in range(0, len(examples), _PROBLEMS_AT_ONCE):
        batch = [examples[index] for index in range(start, min(start + _PROBLEMS_AT_ONCE, len(examples)))]
        groups = [demonstration_group(each.problem, each.demonstrations, loaded.renderer, preset) for each in batch]
        prompts = [loaded.renderer.render(each.problem, preset) for each in batch]
        trees = [
            group_tree(prompt, [rollout.token_ids for rollout in group.rollouts])
            for prompt, group in zip(prompts, groups, strict=True)
        ]
        with torch.inference_mode():
            logprobs = loaded.policy(make_batch(trees)).logprobs.double()
        lengths = [sum(len(rollout.token_ids) for rollout in group.rollouts) for group in groups]
        for example, part in zip(batch, logprobs.split(lengths), strict=True):
            found[example.problem.id] = math.exp(-part.mean().item())
        on_progress(len(found), len(examples))
    return found
