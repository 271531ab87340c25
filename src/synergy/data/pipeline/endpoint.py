"""One server that is asked: its client, its slots, its rates, and whether it is still there."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from synergy.chat_replies import ChatReply, read_chat
from synergy.config.pipeline import PipelineEndpointConfig
from synergy.data.pipeline.progress import Counts
from synergy.data.pipeline.rate_limit import TokenBucket
from synergy.data.pipeline.stopping import Stop
from synergy.errors import InputError
from synergy.http_json import JsonClient, NoAnswerError, UnfitRequestError, read_key

_PATH = "chat/completions"
_JITTER = 0.5
_LONGEST_WAIT_SECONDS = 600.0
_FEWEST_FAILURES = 4


class Endpoint:
    """Shared by all threads."""

    def __init__(self, name: str, config: PipelineEndpointConfig, url: str, stop: Stop, counts: Counts) -> None:
        """`url` is where it is, the config's unless that says serve. Raises InputError for a key that is not set."""
        self.name, self.config = name, config
        self._stop, self._counts = stop, counts
        self._slots = threading.BoundedSemaphore(config.concurrency)
        self._requests = TokenBucket(config.requests_per_minute)
        self._tokens = TokenBucket(config.tokens_per_minute)
        self._lock = threading.Lock()
        self._num_failed_in_row = 0
        self._client = JsonClient(
            url=url,
            timeout_seconds=config.timeout_seconds,
            max_retries=config.max_retries,
            retry_seconds=config.retry_seconds,
            api_key=read_key(config.api_key_variable),
            jitter=_JITTER,
            max_wait_seconds=_LONGEST_WAIT_SECONDS,
            accepts=_is_chat,
            wait=self._wait_and_take,
            on_retry=lambda _: counts.add(num_retries=1),
        )

    @contextmanager
    def slot(self, most_tokens: int) -> Iterator[None]:
        """Room for one more request, when the rates allow it; raises Stopped where the run ends meanwhile."""
        with self._slots:
            self._stop.check()
            self._stop.sleep(max(self._requests.take(), self._tokens.take(most_tokens)))
            self._stop.check()
            yield

    def used(self, most_tokens: int, num_tokens: int) -> None:
        """Tell the rate how many tokens a request really took."""
        self._tokens.give_back(most_tokens - num_tokens)

    def ask(self, body: Mapping[str, Any], most_tokens: int) -> ChatReply:
        """The reply, after as many tries as are configured; without one, the tokens that `slot` took are given back.

        Raises NoAnswerError where there is none, UnfitRequestError where the server will not take the request, and
        InputError where the set-up is wrong or the server has answered none of the last requests.
        """
        try:
            reply = read_chat(self._client.post(_PATH, body))
        except NoAnswerError as error:
            self.used(most_tokens, 0)
            self._count_failure(error)
            raise
        with self._lock:
            self._num_failed_in_row = 0
        return reply

    def _count_failure(self, error: NoAnswerError) -> None:
        with self._lock:
            self._num_failed_in_row += 1
            num = self._num_failed_in_row
        if num >= max(_FEWEST_FAILURES, self.config.concurrency):
            what = "took" if isinstance(error, UnfitRequestError) else "answered"
            raise InputError(
                f"endpoint {self.name} {what} none of the last {num} requests ({error}); expected a server that is up "
                "and takes them: check it and run the same command again, what is done is kept"
            ) from None

    def _wait_and_take(self, seconds: float) -> None:
        self._stop.sleep(max(seconds, self._requests.take()))


def _is_chat(answer: Mapping[str, Any]) -> bool:
    try:
        read_chat(answer)
    except NoAnswerError:
        return False
    return True
