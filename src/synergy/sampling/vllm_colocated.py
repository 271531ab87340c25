"""Sampling by a vLLM engine in this process, on the policy's own GPU. *Not run* with vLLM itself: no GPU was at hand.

Written against vLLM 0.33. Under torchrun every process has an engine for its own problems. An engine shares its
process, so that weights are handed over as tensors (`load_weights`), without files and without a second process.
"""

import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any

from synergy.config.sampling import SamplingConfig
from synergy.models.loading import LoadedModel
from synergy.models.prompt import Dropped
from synergy.prompts import PromptPreset
from synergy.records import Purpose, Rollout, RolloutGroup, SampleRequest
from synergy.sampling.groups import check_requests, failed_group
from synergy.sampling.named_weights import named_weights
from synergy.sampling.stopping import end_ids
from synergy.sampling.streams import prefix_ids, stream_keys
from synergy.sampling.vllm_requests import (
    check_prompt,
    engine_settings,
    sampled_logprobs,
    sampling_settings,
    vllm_prompt,
    vllm_rollout,
)


class ColocatedSampler:
    """A `Sampler`; `seed` is the run's."""

    def __init__(self, loaded: LoadedModel, config: SamplingConfig, preset: PromptPreset | None, *, seed: int) -> None:
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # read on import: the engine stays in this process
        self._vllm: Any = importlib.import_module("vllm")
        self.loaded = loaded
        self.config = config
        self.preset = preset
        self.seed = seed
        num_processes = int(os.environ.get("WORLD_SIZE", "1"))
        self.engine: Any = self._vllm.LLM(**engine_settings(loaded, config, num_processes=num_processes))
        self.update_weights()  # the policy's may differ from its checkpoint's already

    def update_weights(self) -> None:
        """Load the policy's weights into the engine; what it computed with the old ones is forgotten."""

        def load(model: Any) -> None:
            model.load_weights(named_weights(self.loaded.model))

        self.engine.apply_model(load)
        self.engine.reset_prefix_cache()
        self.engine.llm_engine.reset_encoder_cache()  # image features

    def sample(
        self,
        requests: Sequence[SampleRequest],
        *,
        purpose: Purpose,
        temperature: float | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[RolloutGroup]:
        """As `Sampler.sample`: one prompt a request, with n samples; progress is told at the end.

        Under top-k or top-p the log-probs are of the distribution that is left, which is what was drawn from.
        """
        check_requests(requests)
        temperature = self.config.temperature if temperature is None else temperature
        prompts = [self.loaded.renderer.prompt(request.problem, self.preset) for request in requests]
        rendered = [index for index, prompt in enumerate(prompts) if not isinstance(prompt, Dropped)]
        outputs = self.engine.generate(
            [self._prompt(requests[index]) for index in rendered],
            [self._settings(requests[index], purpose, temperature) for index in rendered],
            use_tqdm=False,
        )
        by_index = dict(zip(rendered, outputs, strict=True))
        groups = []
        for index, (request, prompt) in enumerate(zip(requests, prompts, strict=True)):
            if isinstance(prompt, Dropped):
                groups.append(failed_group(request))
                continue
            expected = [*prompt.token_ids.tolist(), *prefix_ids(request)]
            check_prompt(request.problem.id, expected, by_index[index].prompt_token_ids)
            groups.append(self._group(request, by_index[index], greedy=temperature == 0))
        if on_progress is not None:
            rollouts = [rollout for group in groups for rollout in group.rollouts]
            on_progress(len(rollouts), sum(len(r.token_ids) - r.num_guided_tokens for r in rollouts))
        return groups

    def _prompt(self, request: SampleRequest) -> dict[str, Any]:
        return vllm_prompt(self.loaded.renderer, request.problem, self.preset, prefix_ids(request))

    def _settings(self, request: SampleRequest, purpose: Purpose, temperature: float) -> Any:
        settings = sampling_settings(
            self.config,
            temperature=temperature,
            banned=self.loaded.renderer.visual_tokens.banned,
            end_ids=end_ids(self.loaded.renderer),
        )
        kind = self._vllm.sampling_params.RequestOutputKind.FINAL_ONLY
        seed = stream_keys(request, seed=self.seed, purpose=purpose)[0].server_seed  # of sample i: seed + i
        num_samples = 1 if temperature == 0 else request.num_samples  # vLLM wants one of a greedy request
        return self._vllm.SamplingParams(**settings, n=num_samples, seed=seed, logprobs=0, output_kind=kind)

    def _group(self, request: SampleRequest, output: Any, *, greedy: bool) -> RolloutGroup:
        completions = sorted(output.outputs, key=lambda completion: completion.index)

        def rollout(index: int) -> Rollout:
            completion = completions[0 if greedy else index]
            token_ids = list(completion.token_ids)
            return vllm_rollout(
                request,
                index,
                prefix=prefix_ids(request),
                token_ids=token_ids,
                logprobs=None if greedy else sampled_logprobs(token_ids, completion.logprobs),
                finish_reason=completion.finish_reason,
                renderer=self.loaded.renderer,
            )

        return RolloutGroup(problem=request.problem, rollouts=tuple(map(rollout, range(request.num_samples))))
