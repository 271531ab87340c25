"""What vLLM is asked, and what it answers, as plain data: nothing here imports vLLM (written against 0.33).

Prompts go as token ids with each image once, which vLLM's own processor expands. What it expanded to comes back, and
must be what the trainer reads: `check_prompt` refuses another limit on images than the trainer's.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from synergy.config.sampling import SamplingConfig
from synergy.errors import InputError
from synergy.models.loading import LoadedModel
from synergy.models.rendering import Renderer
from synergy.prompts import PromptPreset
from synergy.records import Problem, Rollout, SampleRequest, StopReason
from synergy.sampling.groups import failed_rollout

#: as low as vLLM takes; a banned token has a probability of e⁻¹⁰⁰ then
_BAN = -100.0


def vllm_prompt(
    renderer: Renderer, problem: Problem, preset: PromptPreset | None, prefix: Sequence[int]
) -> dict[str, Any]:
    """A prompt for `LLM.generate`, given tokens of the response after it."""
    text, start = renderer.text(problem, preset), renderer.tokenizer.bos_token
    ids = renderer.tokenizer(text, add_special_tokens=not (start and text.startswith(start)))["input_ids"]
    prompt: dict[str, Any] = {"prompt_token_ids": [*ids, *prefix]}
    if problem.images:
        prompt["multi_modal_data"] = {"image": list(problem.images)}
    return prompt


def sampling_settings(
    config: SamplingConfig,
    *,
    temperature: float,
    banned: Collection[int],
    end_ids: Sequence[int],
) -> dict[str, Any]:
    """Fields of `SamplingParams` but for n and seed; every one that a generation config could set is given."""
    return {
        "temperature": temperature,
        "top_p": config.top_p,
        "top_k": config.top_k,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "max_tokens": config.max_tokens,
        "stop": list(config.stop) or None,
        "include_stop_str_in_output": True,
        "stop_token_ids": list(end_ids),
        "logit_bias": dict.fromkeys(sorted(banned), _BAN),
    }


def check_prompt(problem_id: str, expected: Sequence[int], got: Sequence[int] | None) -> None:
    """Raise InputError where vLLM read other tokens than the trainer will, as for an image at another size."""
    if got is not None and list(got) != list(expected):
        raise InputError(
            f"problem '{problem_id}': vLLM reads {len(got)} prompt tokens, the trainer {len(expected)}; expected the "
            "same: give both the same checkpoint folder, with the same image limits in its preprocessor_config.json"
        )


def vllm_rollout(
    request: SampleRequest,
    sample_index: int,
    *,
    prefix: Sequence[int],
    token_ids: Sequence[int],
    logprobs: Sequence[float] | None,
    finish_reason: str | None,
    renderer: Renderer,
) -> Rollout:
    """An attempt; `token_ids` and `logprobs` (None for none) are of what was sampled."""
    reasons = {"stop": StopReason.STOP, "length": StopReason.LENGTH}
    if finish_reason not in reasons:  # aborted, or an error of the engine
        return failed_rollout(request, sample_index)
    ids = np.array([*prefix, *token_ids], dtype=np.int64)
    unknown = np.full(len(prefix), np.nan, dtype=np.float32)  # given, not drawn
    return Rollout(
        problem_id=request.problem.id,
        sample_index=sample_index,
        token_ids=ids,
        text=str(renderer.tokenizer.decode(ids.tolist(), skip_special_tokens=True)),
        stop_reason=reasons[finish_reason],
        sampler_logprobs=None if logprobs is None else np.concatenate([unknown, np.array(logprobs, dtype=np.float32)]),
        num_guided_tokens=len(prefix),
    )


def sampled_logprobs(token_ids: Sequence[int], logprobs: Sequence[Mapping[int, Any]]) -> list[float]:
    """Log-probs of the sampled tokens among those that vLLM reports at each place."""
    return [float(place[token].logprob) for token, place in zip(token_ids, logprobs, strict=True)]


def engine_settings(loaded: LoadedModel, config: SamplingConfig, *, num_processes: int) -> dict[str, Any]:
    """Fields of `LLM`: the policy's checkpoint; log-probs after temperature and ban, as the trainer has them."""
    rendering = loaded.config.rendering
    context = config.vllm.max_context_tokens or rendering.max_prompt_tokens + config.max_tokens
    return {
        "model": loaded.config.checkpoint,
        "revision": loaded.config.revision,
        "dtype": loaded.config.dtype,
        "trust_remote_code": loaded.config.trust_remote_code,
        "distributed_executor_backend": "external_launcher" if num_processes > 1 else "uni",
        "gpu_memory_utilization": config.vllm.gpu_memory_fraction,
        "max_model_len": context,
        "limit_mm_per_prompt": {"image": config.vllm.max_images, "video": 0},
        "logprobs_mode": "processed_logprobs",
        "generation_config": "vllm",  # not the model's own
        "seed": 0,  # each request brings its own
    }
