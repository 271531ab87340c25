"""Asking once: the kept reply where there is one, else the server, within rates, slots and budget."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from synergy.config.pipeline import AssumedConfig
from synergy.data.pipeline.budget import Budget, price_of
from synergy.data.pipeline.endpoint import Endpoint
from synergy.data.pipeline.progress import Counts
from synergy.data.pipeline.replies import ReplyStore, StoredReply
from synergy.data.pipeline.requests import ChatRequest, request_key
from synergy.data.well_formed import well_formed


class Asker:
    """Shared by all threads."""

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        store: ReplyStore,
        budget: Budget,
        counts: Counts,
        assumed: AssumedConfig,
    ) -> None:
        self.endpoints = endpoints
        self._store, self._budget, self._counts, self._assumed = store, budget, counts, assumed
        self._under_way: set[str] = set()
        self._changed = threading.Condition()

    def ask(self, name: str, request: ChatRequest, step: str) -> StoredReply:
        """The reply of the endpoint of that name, kept on disk before it is returned.

        Raises NoAnswerError where there is none, BudgetSpentError, InputError where the set-up is wrong, FileError
        where it cannot be kept, Stopped where the run ends.
        """
        asked = request.asked
        key = request_key(asked)
        with self._alone(key):
            found = self._store.get(key)
            if found is not None:
                self._counts.add(num_found=1)
                return found
            reply = self._fresh(self.endpoints[name], request, step, key)
            self._store.put(reply, asked)
            return reply

    def _fresh(self, endpoint: Endpoint, request: ChatRequest, step: str, key: str) -> StoredReply:
        num_prompt = self.prompt_tokens(request)
        most = price_of(endpoint.config, num_prompt, request.sampling.max_tokens)
        with self._budget.reserved(most), endpoint.slot(most.tokens):
            began = time.monotonic()
            said = endpoint.ask(request.body(), most.tokens)
            is_told = said.prompt_tokens is not None and said.completion_tokens is not None
            num_prompt = num_prompt if said.prompt_tokens is None else said.prompt_tokens
            num_said = self._tokens(said.text) if said.completion_tokens is None else said.completion_tokens
            price = price_of(endpoint.config, num_prompt, num_said)
            endpoint.used(most.tokens, price.tokens)
            self._budget.spend(price)
            self._counts.add(num_asked=1, num_tokens=price.tokens, cost=price.money)
            return StoredReply(
                key=key,
                step=step,
                endpoint=endpoint.name,
                model=request.model,
                text=well_formed(said.text),
                finish_reason=said.finish_reason,
                prompt_tokens=num_prompt,
                completion_tokens=num_said,
                tokens_are_estimated=not is_told,
                cost=price.money,
                seconds=time.monotonic() - began,
            )

    def prompt_tokens(self, request: ChatRequest) -> int:
        """What the prompt should count, by its length."""
        return self._tokens(request.system + request.user) + len(request.images) * self._assumed.image_tokens

    def _tokens(self, text: str) -> int:
        return round(len(text) / self._assumed.characters_per_token) + 1

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Let one thread at a time ask for the same: the others find its reply."""
        with self._changed:
            while key in self._under_way:
                self._changed.wait()
            self._under_way.add(key)
        try:
            yield
        finally:
            with self._changed:
                self._under_way.remove(key)
                self._changed.notify_all()
