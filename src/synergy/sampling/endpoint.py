"""Sampling from any OpenAI-compatible server: for tagging, evaluation and demonstrations.

Such a server reports texts. Token ids are those that our own tokenizer gives the text, which need not be the ones that
were sampled, so there are no sampler log-probs and no RL on these rollouts.
"""

import logging
from typing import Any

import numpy as np

from synergy.chat_replies import choice_text
from synergy.config.sampling import EndpointConfig, SamplingConfig
from synergy.errors import InputError
from synergy.http_json import JsonClient, read_key
from synergy.models.loading import LoadedModel
from synergy.prompts import PromptPreset
from synergy.records import Rollout, SampleRequest, StopReason
from synergy.sampling.chat import chat_body, chat_messages
from synergy.sampling.groups import failed_rollout
from synergy.sampling.served import ServedSampler, stop_reason
from synergy.sampling.streams import prefix_ids

logger = logging.getLogger(__name__)


class EndpointSampler(ServedSampler):
    """A `Sampler`; `loaded` is the model whose tokenizer counts the tokens, not the one that answers."""

    def __init__(self, loaded: LoadedModel, config: SamplingConfig, preset: PromptPreset | None, *, seed: int) -> None:
        assert config.endpoint is not None, "checked by check_backend"
        super().__init__(
            loaded, config, preset, seed=seed, client=_client(config.endpoint), concurrency=config.endpoint.concurrency
        )
        self.model = config.endpoint.model

    def update_weights(self) -> None:
        """Refused: the server's weights are its own."""
        raise InputError(
            "sampling.backend endpoint answers with weights of its own; expected local or vllm where a policy is "
            "trained on its own responses"
        )

    def body(self, request: SampleRequest, temperature: float) -> dict[str, Any]:
        """A chat request; raises InputError for a prefix, as servers continue no response token by token."""
        if prefix_ids(request):
            raise InputError(
                f"problem '{request.problem.id}': sampling.backend endpoint cannot start a response with given tokens; "
                "expected no prefix: use local or vllm for guided responses"
            )
        return chat_body(
            chat_messages(request.problem, self.preset),
            self.config,
            model=self.model,
            temperature=temperature,
        )

    def rollout(
        self, request: SampleRequest, sample_index: int, reply: dict[str, Any], choice: dict[str, Any]
    ) -> Rollout:
        """The text and our own tokens of it, the end token after a complete one."""
        text, reason = choice_text(choice), stop_reason(choice)
        renderer = self.loaded.renderer
        try:
            ids = renderer.response(request.problem.id, text).numpy()
        except InputError as error:
            logger.warning("a response counts as failed: %s", error)
            return failed_rollout(request, sample_index)
        return Rollout(
            problem_id=request.problem.id,
            sample_index=sample_index,
            token_ids=np.asarray(ids[:-1] if reason is StopReason.LENGTH else ids, dtype=np.int64),
            text=text,
            stop_reason=reason,
        )


def _client(config: EndpointConfig) -> JsonClient:
    return JsonClient(
        url=config.url,
        timeout_seconds=config.timeout_seconds,
        max_retries=config.max_retries,
        retry_seconds=config.retry_seconds,
        api_key=read_key(config.api_key_variable),
    )
