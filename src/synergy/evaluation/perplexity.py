"""How surprising worked answers are to a model, or to several on average; a killed measurement goes on."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from synergy.config.model import ModelConfig
from synergy.data.examples import Example, Examples
from synergy.evaluation.opening import model_part_of, resolved_checkpoint
from synergy.evaluation.perplexity_file import PerplexityFile
from synergy.models.loading import LoadedModel, load_model
from synergy.models.trees import group_tree, make_batch
from synergy.prompts import PromptPreset, get_preset
from synergy.training.demonstrations import demonstration_group

_PROBLEMS_AT_ONCE = 16

#: told how many problems are done, and of how many
OnProgress = Callable[[int, int], None]


def mean_perplexities(
    models: Sequence[ModelConfig], examples: Examples, prompt: str, folder: Path, on_progress: OnProgress
) -> dict[str, float]:
    """By problem, the mean of the models' perplexities, which are kept in `folder`; one model is loaded at a time."""
    num = len(models) * len(examples)
    found = [
        _kept_perplexities(
            model,
            examples,
            get_preset(prompt),
            folder / f"perplexity-{number}.jsonl",
            lambda done, number=number: on_progress(number * len(examples) + done, num),
        )
        for number, model in enumerate(models)
    ]
    return {each: sum(values[each] for values in found) / len(found) for each in examples.ids}


def perplexities(
    model: ModelConfig, examples: Examples, preset: PromptPreset, on_progress: OnProgress
) -> dict[str, float]:
    """By problem, exp of minus the mean log-probability of its demonstrations' response tokens, at temperature 1."""
    loaded = _opened(model)
    found: dict[str, float] = {}
    for start in range(0, len(examples), _PROBLEMS_AT_ONCE):
        found |= _of_batch(_batch(examples, start), loaded, preset)
        on_progress(len(found), len(examples))
    return found


def _kept_perplexities(
    model: ModelConfig, examples: Examples, preset: PromptPreset, path: Path, on_progress: Callable[[int], None]
) -> dict[str, float]:
    """The same, from a file as far as it has them."""
    part = model_part_of(model, name=model.checkpoint)
    loaded: LoadedModel | None = None
    with PerplexityFile(path, part, preset.name, examples.ids, _PROBLEMS_AT_ONCE) as file:
        for start in range(len(file.values), len(examples), _PROBLEMS_AT_ONCE):
            loaded = loaded or _opened(model)
            file.add(_of_batch(_batch(examples, start), loaded, preset))
            on_progress(len(file.values))
        on_progress(len(file.values))
        return dict(file.values)


def _opened(model: ModelConfig) -> LoadedModel:
    loaded = load_model(resolved_checkpoint(model))
    loaded.model.eval()
    return loaded


def _batch(examples: Examples, start: int) -> list[Example]:
    return [examples[index] for index in range(start, min(start + _PROBLEMS_AT_ONCE, len(examples)))]


def _of_batch(batch: Sequence[Example], loaded: LoadedModel, preset: PromptPreset) -> dict[str, float]:
    groups = [demonstration_group(each.problem, each.demonstrations, loaded.renderer, preset) for each in batch]
    prompts = [loaded.renderer.render(each.problem, preset) for each in batch]
    trees = [
        group_tree(prompt, [rollout.token_ids for rollout in group.rollouts])
        for prompt, group in zip(prompts, groups, strict=True)
    ]
    with torch.inference_mode():
        logprobs = loaded.policy(make_batch(trees)).logprobs.double()
    lengths = [sum(len(rollout.token_ids) for rollout in group.rollouts) for group in groups]
    parts = zip(batch, logprobs.split(lengths), strict=True)
    return {example.problem.id: math.exp(-part.mean().item()) for example, part in parts}
