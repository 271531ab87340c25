"""Responses under way, one a row: their tokens so far, their random numbers, and which of them have ended."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synergy.records import StopReason
from synergy.sampling.choice import Choice
from synergy.sampling.stopping import StopRule
from synergy.sampling.streams import StreamKey


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A response that is wanted."""

    request: int  #: index among the requests
    key: StreamKey


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """A finished attempt, without what was given."""

    attempt: Attempt
    token_ids: np.ndarray  #: [num_tokens] int64
    logprobs: np.ndarray  #: [num_tokens] float32
    stop_reason: StopReason


class ResponseRows:
    """Rows that have all sampled the same number of tokens; ended ones stay, and take tokens that nobody reads."""

    def __init__(self, attempts: Sequence[Attempt], *, stop_rule: StopRule, max_tokens: int) -> None:
        self.attempts = list(attempts)
        self.stop_rule = stop_rule
        self.max_tokens = max_tokens
        self.num_tokens = 0  #: sampled by each row
        self.alive = np.ones(len(attempts), dtype=bool)
        self._uniforms = np.stack([attempt.key.uniforms(max_tokens) for attempt in attempts])
        self._token_ids = np.zeros((len(attempts), max_tokens), dtype=np.int64)
        self._logprobs = np.zeros((len(attempts), max_tokens), dtype=np.float32)

    def __len__(self) -> int:
        """Rows, ended ones among them."""
        return len(self.attempts)

    @property
    def num_alive(self) -> int:
        """Responses that go on."""
        return int(self.alive.sum())

    @property
    def uniforms(self) -> np.ndarray:
        """The number that decides each row's next token, [rows] float64."""
        return self._uniforms[:, self.num_tokens]

    @property
    def last_ids(self) -> np.ndarray:
        """Each row's newest token, [rows] int64."""
        return self._token_ids[:, self.num_tokens - 1]

    def take(self, choice: Choice) -> list[Response]:
        """Append a token to each row; the responses that end with it."""
        self._token_ids[:, self.num_tokens] = choice.token_ids.cpu().numpy()
        self._logprobs[:, self.num_tokens] = choice.logprobs.float().cpu().numpy()
        self.num_tokens += 1
        stopped = self.stop_rule.ended(self._token_ids, self.num_tokens, self.alive)
        ended = self.alive if self.num_tokens == self.max_tokens else stopped
        responses = [
            Response(
                attempt=self.attempts[row],
                token_ids=self._token_ids[row, : self.num_tokens].copy(),
                logprobs=self._logprobs[row, : self.num_tokens].copy(),
                stop_reason=StopReason.STOP if stopped[row] else StopReason.LENGTH,
            )
            for row in np.flatnonzero(ended)
        ]
        self.alive = self.alive & ~ended
        return responses

    def keep(self, rows: np.ndarray) -> None:
        """Let all other rows go."""
        self.attempts = [self.attempts[row] for row in rows]
        self.alive = self.alive[rows]
        self._uniforms = self._uniforms[rows]
        self._token_ids = self._token_ids[rows]
        self._logprobs = self._logprobs[rows]
