"""Scoring by a server, one request per text.

Posted is `{"id", "question", "answer", "images"}`: the problem's id, its question without instructions, the answer to
be valued, and a list of data URLs (PNG). The reply is `{"score": 1.5}`, or `{"score": null}` where the server has none.
The answer is data in a field of its own: what stands in it can close no quote and open no turn; a server that builds a
prompt of it has to keep it apart in the same way.
"""

import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from synergy.config.scorer import HttpScorerConfig
from synergy.errors import InputError
from synergy.grading.image_url import data_url
from synergy.grading.scorer import ScoredText
from synergy.http_json import JsonClient, NoAnswerError, read_key

logger = logging.getLogger(__name__)


class HttpScorer:
    """A `Scorer`; requests that fail for good are None, and the log says why."""

    def __init__(self, config: HttpScorerConfig) -> None:
        """Raises InputError where the key's environment variable is not set."""
        self.config = config
        self.client = JsonClient(
            url=config.url,
            timeout_seconds=config.timeout_seconds,
            max_retries=config.max_retries,
            retry_seconds=config.retry_seconds,
            api_key=read_key(config.api_key_variable),
        )

    def score(self, items: Sequence[ScoredText]) -> list[float | None]:
        """As `Scorer.score`; raises InputError for a reply that is none of a scorer."""
        with ThreadPoolExecutor(self.config.concurrency, "scoring") as executor:
            return list(executor.map(self._score, items))

    def _score(self, item: ScoredText) -> float | None:
        try:
            reply = self.client.post(self.config.path, self._body(item))
        except NoAnswerError as error:
            logger.warning("problem '%s': no score from the server: %s", item.problem.id, error)
            return None
        return self._read(reply)

    def _body(self, item: ScoredText) -> dict[str, Any]:
        images = item.problem.images if self.config.send_images else ()
        return {
            "id": item.problem.id,
            "question": item.problem.question,
            "answer": item.text,
            "images": [data_url(image) for image in images],
        }

    def _read(self, reply: dict[str, Any]) -> float | None:
        value = reply.get("score", "")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(
                f"{self.config.url}/{self.config.path} answers {str(reply)[:80]}; expected a scorer's "
                '{"score": NUMBER}: check url and path'
            )
        return float(value)
