"""Answers from an OpenAI-compatible server, whatever model it serves: needs neither its weights nor torch."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from synergy.chat_replies import choice_text
from synergy.config.protocol import ProtocolConfig
from synergy.config.sampling import EndpointConfig, SamplingConfig
from synergy.errors import InputError
from synergy.evaluation.answerer import OnProgress
from synergy.evaluation.responses import Response
from synergy.http_json import JsonClient, NoAnswerError, read_key
from synergy.prompts import PromptPreset
from synergy.records import Problem, Purpose, SampleRequest, StopReason
from synergy.sampling.chat import PATH, chat_body, chat_messages
from synergy.sampling.streams import stream_keys

logger = logging.getLogger(__name__)


class ServedAnswerer:
    """One request a response, so that the server's count of tokens is that response's own."""

    def __init__(
        self,
        endpoint: EndpointConfig,
        protocol: ProtocolConfig,
        preset: PromptPreset | None,
        *,
        seed: int,
        purpose: Purpose = Purpose.EVALUATE,
    ) -> None:
        self._endpoint = endpoint
        self._preset = preset
        self._seed = seed
        self._num_runs = protocol.num_runs
        self._purpose = purpose
        asked = protocol.response
        self._sampling = SamplingConfig(
            backend="endpoint",
            temperature=asked.temperature,
            top_p=asked.top_p,
            top_k=asked.top_k,
            max_tokens=asked.max_tokens,
            endpoint=endpoint,
        )
        self._client = JsonClient(
            url=endpoint.url,
            timeout_seconds=endpoint.timeout_seconds,
            max_retries=endpoint.max_retries,
            retry_seconds=endpoint.retry_seconds,
            api_key=read_key(endpoint.api_key_variable),
        )

    def prompt(self, problem: Problem) -> list[dict[str, Any]]:
        """The chat, a picture's content left out."""
        messages = chat_messages(problem, self._preset)
        for message in messages:
            for part in message["content"] if isinstance(message["content"], list) else []:
                if part["type"] == "image_url":
                    part["image_url"] = {"url": "data:image/png;base64,…"}
        return messages

    def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
        """As `Answerer.answer`; one that the server does not answer has failed.

        Raises InputError where it answers none.
        """
        wanted = [(problem, run) for problem in problems for run in range(self._num_runs)]
        found: dict[int, Response] = {}
        with ThreadPoolExecutor(self._endpoint.concurrency) as pool:
            try:
                futures = {pool.submit(self._ask, *each): index for index, each in enumerate(wanted)}
                num_tokens = 0
                for future in as_completed(futures):
                    response = future.result()
                    found[futures[future]] = response
                    num_tokens += response.num_tokens or 0
                    on_progress(len(found), num_tokens)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # what waits is not started
                raise
        if found and all(response.failed for response in found.values()):
            raise InputError(
                f"{self._client.url} answered none of {len(found)} requests (the log says why); expected a server that "
                "is up and takes such problems: check it and run the same command again"
            )
        return [found[index] for index in range(len(wanted))]

    def _ask(self, problem: Problem, run: int) -> Response:
        """One response; the body is made here, in the pool's thread, so that few images are held at a time."""
        request = SampleRequest(problem=problem, num_samples=1, visit=run)
        key = stream_keys(request, seed=self._seed, purpose=self._purpose)[0]
        body = chat_body(
            chat_messages(problem, self._preset),
            self._sampling,
            model=self._endpoint.model,
            temperature=self._sampling.temperature,
        )
        try:
            answer = self._client.post(PATH, body | {"n": 1, "seed": key.server_seed})
            choice = _choice(answer)
        except NoAnswerError as error:
            logger.warning("problem '%s' has no response: %s", problem.id, error)
            return _response(problem, run, "", StopReason.FAILED, {})
        reason = StopReason.LENGTH if choice.get("finish_reason") == "length" else StopReason.STOP
        return _response(problem, run, choice_text(choice), reason, answer.get("usage") or {})


def _choice(answer: dict[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0].get("message"), dict):
        raise NoAnswerError(f"the answer holds no choices: {str(answer)[:200]}")
    return choices[0]


def _response(problem: Problem, run: int, text: str, reason: StopReason, usage: dict[str, Any]) -> Response:
    return Response(
        problem_id=problem.id,
        run=run,
        text=text,
        stop_reason=reason,
        num_tokens=usage.get("completion_tokens"),
        num_prompt_tokens=usage.get("prompt_tokens"),
    )
