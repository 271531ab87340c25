"""The sampler that decodes with the policy itself, in this process: always the newest weights."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from synergy.config.sampling import SamplingConfig
from synergy.models.loading import LoadedModel
from synergy.models.prompt import Dropped
from synergy.prompts import PromptPreset
from synergy.records import Purpose, RolloutGroup, SampleRequest
from synergy.sampling.choice import Chooser
from synergy.sampling.decoding import decode
from synergy.sampling.groups import check_requests, failed_group, group_of
from synergy.sampling.plain import decode_plain
from synergy.sampling.responses import Attempt, Response
from synergy.sampling.stopping import StopRule, end_ids
from synergy.sampling.streams import prefix_ids, stream_keys
from synergy.sampling.work import Task, with_prefix

logger = logging.getLogger(__name__)


class LocalSampler:
    """A `Sampler`; `seed` is the run's."""

    def __init__(self, loaded: LoadedModel, config: SamplingConfig, preset: PromptPreset | None, *, seed: int) -> None:
        self.loaded = loaded
        self.config = config
        self.preset = preset
        self.seed = seed
        size: int = loaded.policy.head().weight.shape[0]
        self.stop_rule = StopRule(
            loaded.renderer.tokenizer, end_ids(loaded.renderer), vocabulary_size=size, stop=config.stop
        )
        log_generation_config(loaded)

    def update_weights(self) -> None:
        """Nothing to do: it decodes with the weights that are trained."""

    def sample(
        self,
        requests: Sequence[SampleRequest],
        *,
        purpose: Purpose,
        temperature: float | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[RolloutGroup]:
        """As `Sampler.sample`; at temperature 0 there are no log-probs, as nothing is drawn."""
        check_requests(requests)
        temperature = self.config.temperature if temperature is None else temperature
        tasks, dropped = self._tasks(requests, purpose)
        responses: list[list[Response]] = [[] for _ in requests]
        finished, num_tokens = 0, 0
        for ended in self._decode(tasks, temperature):
            for response in ended:
                responses[response.attempt.request].append(response)
                num_tokens += len(response.token_ids)
            finished += len(ended)
            if ended and on_progress is not None:
                on_progress(finished, num_tokens)
        return [
            failed_group(request) if index in dropped else self._group(request, found, greedy=temperature == 0)
            for index, (request, found) in enumerate(zip(requests, responses, strict=True))
        ]

    def _tasks(self, requests: Sequence[SampleRequest], purpose: Purpose) -> tuple[list[Task], set[int]]:
        """What to decode, and the requests whose problem is too large where the config says to drop such."""
        tasks, dropped = [], set()
        for index, request in enumerate(requests):
            prompt = self.loaded.renderer.prompt(request.problem, self.preset)
            if isinstance(prompt, Dropped):
                logger.warning("problem '%s' is not sampled: %s", prompt.problem_id, prompt.reason)
                dropped.add(index)
                continue
            prefix = prefix_ids(request)
            self.loaded.renderer.response(request.problem.id, prefix)  # refuses visual tokens
            keys = stream_keys(request, seed=self.seed, purpose=purpose)
            attempts = tuple(Attempt(request=index, key=key) for key in keys)
            tasks.append(Task(prompt=with_prefix(prompt, prefix), attempts=attempts))
        return tasks, dropped

    def _decode(self, tasks: Sequence[Task], temperature: float) -> Iterator[list[Response]]:
        decoder = decode if self.loaded.path == "tree" else decode_plain
        return decoder(
            self.loaded.policy,
            tasks,
            self.config.local,
            chooser=Chooser(temperature=temperature, top_k=self.config.top_k, top_p=self.config.top_p),
            stop_rule=self.stop_rule,
            max_tokens=self.config.max_tokens,
        )

    def _group(self, request: SampleRequest, responses: Sequence[Response], *, greedy: bool) -> RolloutGroup:
        ordered = sorted(responses, key=lambda response: response.attempt.key.sample_index)
        prefix = np.array(prefix_ids(request), dtype=np.int64)
        return group_of(request, prefix, ordered, with_logprobs=not greedy, text_of=self.stop_rule.text)


def log_generation_config(loaded: LoadedModel) -> None:
    """Say which settings of the model's own `generation_config` are ignored."""
    settings: Any = loaded.model.generation_config
    ignored = {
        name: value
        for name, value in (settings.to_diff_dict() if settings is not None else {}).items()
        if not name.startswith("_") and not name.endswith("_token_id") and name != "transformers_version"
    }
    if ignored:
        logger.info("ignored settings of the model's generation_config: %s", ignored)
