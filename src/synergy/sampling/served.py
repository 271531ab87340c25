"""What samplers on a server share: problems asked for side by side, in order, each failing by itself."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from typing import Any, NamedTuple

from synergy.config.sampling import SamplingConfig
from synergy.errors import InputError
from synergy.http_json import JsonClient, NoAnswerError
from synergy.models.loading import LoadedModel
from synergy.prompts import PromptPreset
from synergy.records import Purpose, Rollout, RolloutGroup, SampleRequest, StopReason
from synergy.sampling.chat import PATH
from synergy.sampling.groups import check_requests, failed_group
from synergy.sampling.streams import StreamKey, stream_keys

logger = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What a server said to one attempt."""

    reply: dict[str, Any]  #: the whole of it
    choice: dict[str, Any]  #: the part of this attempt


class ServedSampler(ABC):
    """A `Sampler` that asks a server, one request a problem, `concurrency` of them at once."""

    def __init__(
        self,
        loaded: LoadedModel,
        config: SamplingConfig,
        preset: PromptPreset | None,
        *,
        seed: int,
        client: JsonClient,
        concurrency: int,
    ) -> None:
        self.loaded = loaded
        self.config = config
        self.preset = preset
        self.seed = seed
        self.client = client
        self.concurrency = concurrency

    def sample(
        self,
        requests: Sequence[SampleRequest],
        *,
        purpose: Purpose,
        temperature: float | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[RolloutGroup]:
        """As `Sampler.sample`.

        Attempts at a problem that the server does not answer have failed. Raises InputError where it answers none.
        """
        check_requests(requests)
        temperature = self.config.temperature if temperature is None else temperature
        groups: dict[int, RolloutGroup] = {}
        num_tokens = 0
        for index, answers in self._answers(requests, purpose, temperature):
            request = requests[index]
            if isinstance(answers, NoAnswerError):
                logger.warning("problem '%s' has no responses: %s", request.problem.id, answers)
                groups[index] = failed_group(request)
            else:
                # of a greedy request there is one answer to all attempts
                found = [answers[min(sample, len(answers) - 1)] for sample in range(request.num_samples)]
                rollouts = tuple(self.rollout(request, sample, *answer) for sample, answer in enumerate(found))
                groups[index] = RolloutGroup(problem=request.problem, rollouts=rollouts)
            num_tokens += sum(len(r.token_ids) - r.num_guided_tokens for r in groups[index].rollouts)
            if on_progress is not None:
                on_progress(sum(len(group.rollouts) for group in groups.values()), num_tokens)
        if requests and all(_has_failed(group) for group in groups.values()):
            raise InputError(
                f"{self.client.url} answered none of {len(requests)} requests (the log says why); expected a server "
                "that is up and takes such problems: check it, or raise timeout_seconds in its section"
            )
        return [groups[index] for index in range(len(requests))]

    def _answers(
        self, requests: Sequence[SampleRequest], purpose: Purpose, temperature: float
    ) -> Iterator[tuple[int, list[Answer] | NoAnswerError]]:
        """Answers by index of the request, as they come.

        Requests are made, and answers read, in this thread alone: tokenizers are not safe in several. Only a few more
        than are under way are made at a time, as they hold images.
        """
        with ThreadPoolExecutor(self.concurrency) as pool:
            under_way: dict[Future[list[Answer] | NoAnswerError], int] = {}
            try:
                for index, request in enumerate(requests):
                    keys = stream_keys(request, seed=self.seed, purpose=purpose)
                    body = self.body(request, temperature)
                    under_way[pool.submit(self._ask, body, keys[:1] if temperature == 0 else keys)] = index
                    while len(under_way) >= 2 * self.concurrency:
                        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                            yield under_way.pop(future), future.result()
                for future in as_completed(under_way):
                    yield under_way[future], future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # what waits is not started
                raise

    def _ask(self, body: dict[str, Any], keys: Sequence[StreamKey]) -> list[Answer] | NoAnswerError:
        """One answer a key, in one request where the server gives as many choices as it is asked for."""
        answers: list[Answer] = []
        try:
            while len(answers) < len(keys):
                missing = len(keys) - len(answers)
                reply = self.client.post(PATH, body | {"n": missing, "seed": keys[len(answers)].server_seed})
                choices = reply.get("choices") or []
                if not choices:
                    raise NoAnswerError(f"the answer holds no choices: {str(reply)[:200]}")
                answers += [Answer(reply, choice) for choice in choices[:missing]]
        except NoAnswerError as error:
            return error
        return answers

    @abstractmethod
    def body(self, request: SampleRequest, temperature: float) -> dict[str, Any]:
        """The chat request, but for the number of samples and the seed."""

    @abstractmethod
    def rollout(
        self, request: SampleRequest, sample_index: int, reply: dict[str, Any], choice: dict[str, Any]
    ) -> Rollout:
        """One choice of a reply as a rollout."""


def stop_reason(choice: dict[str, Any]) -> StopReason:
    """Why a choice ended: anything but the token limit is an end of the model's own."""
    return StopReason.LENGTH if choice.get("finish_reason") == "length" else StopReason.STOP


def _has_failed(group: RolloutGroup) -> bool:
    return all(rollout.stop_reason is StopReason.FAILED for rollout in group.rollouts)
