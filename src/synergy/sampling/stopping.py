"""When a response ends: at an end token, or once it holds one of the stop strings."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from synergy.models.rendering import Renderer


def end_ids(renderer: Renderer) -> list[int]:
    """The token that ends the assistant's turn, and the tokenizer's own end of sequence."""
    own = renderer.tokenizer.eos_token_id
    return sorted({renderer.end_token_id} | ({own} if own is not None else set()))


class StopRule:
    """The end tokens of a model and the stop strings of a run."""

    def __init__(
        self, tokenizer: Any, end_ids: Sequence[int], *, vocabulary_size: int, stop: Sequence[str] = ()
    ) -> None:
        """`tokenizer` is a Hugging Face one, whose methods are typed for batches and single texts at once."""
        self.tokenizer = tokenizer
        self.stop = tuple(stop)
        self.end_ids = list(end_ids)
        self.is_end = np.zeros(vocabulary_size, dtype=bool)
        self.is_end[self.end_ids] = True
        self._completes = self._completing_tokens(vocabulary_size)
        # of one byte a token at least, with room for special tokens, which the text leaves out
        self._tail_tokens = 2 * max((len(text.encode()) for text in self.stop), default=0) + 8

    def _completing_tokens(self, vocabulary_size: int) -> np.ndarray | None:
        """True for tokens that may hold a stop string's last character; None without stop strings."""
        if not self.stop:
            return None
        texts = self.tokenizer.batch_decode([[index] for index in range(min(vocabulary_size, len(self.tokenizer)))])
        last = {text[-1] for text in self.stop}
        completes = np.zeros(vocabulary_size, dtype=bool)
        for index, text in enumerate(texts):
            # "\ufffd" is a piece of a character; decoders may drop blanks at an edge
            completes[index] = "\ufffd" in text or any(mark in text or mark.isspace() for mark in last)
        return completes

    def ended(self, token_ids: np.ndarray, num_tokens: int, candidates: np.ndarray) -> np.ndarray:
        """Which rows end with their last token.

        `token_ids` is [rows, at least num_tokens], `candidates` says which rows to look at; returns [rows] bool.
        """
        last = token_ids[:, num_tokens - 1]
        ended = self.is_end[last] & candidates
        if self._completes is not None:
            tail = slice(max(0, num_tokens - self._tail_tokens), num_tokens)
            for row in np.flatnonzero(self._completes[last] & candidates & ~ended):
                ended[row] = self.holds_stop(self.text(token_ids[row, tail]))
        return ended

    def holds_stop(self, text: str) -> bool:
        """Whether a stop string is in the text."""
        return any(stop in text for stop in self.stop)

    def text(self, token_ids: np.ndarray) -> str:
        """What the tokens say, special tokens left out."""
        return self.tokenizer.decode(token_ids.tolist(), skip_special_tokens=True)
