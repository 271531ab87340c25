"""Both sides' responses get the same lengths: ours end as they end, theirs are then made to end there too.

Where a model is untrained and would hardly ever end a response, ours end by a rule. Knows nothing of trainers.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList

from synergy.models.loading import LoadedModel
from synergy.records import Purpose, RolloutGroup, Sampler, SampleRequest
from synergy.sampling.local import LocalSampler
from synergy.sampling.stopping import StopRule, end_ids

_PRIME = 7919  #: spreads neighbouring ids over all lengths


class EndsByFirstToken(StopRule):
    """A response's first token says how long it gets: even over a range, as an untrained model's first tokens are."""

    def __init__(self, loaded: LoadedModel, *, min_tokens: int, max_tokens: int) -> None:
        size: int = loaded.policy.head().weight.shape[0]
        super().__init__(loaded.renderer.tokenizer, end_ids(loaded.renderer), vocabulary_size=size)
        self.min_tokens = min_tokens
        self.max_tokens = max_tokens

    def ended(self, token_ids: np.ndarray, num_tokens: int, candidates: np.ndarray) -> np.ndarray:
        """Which rows end with their last token, as `StopRule.ended`."""
        wanted = self.min_tokens + token_ids[:, 0] * _PRIME % (self.max_tokens - self.min_tokens + 1)
        return candidates & (wanted == num_tokens)


def use_lengths(sampler: LocalSampler, *, min_tokens: int, max_tokens: int) -> None:
    """Let the sampler's responses end within that range whatever the model says."""
    sampler.stop_rule = EndsByFirstToken(sampler.loaded, min_tokens=min_tokens, max_tokens=max_tokens)


class Recorder:
    """A `Sampler` that remembers how long the newest responses of the one it asks became."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self.lengths: list[int] = []  #: in the order of requests and samples

    def sample(
        self,
        requests: Sequence[SampleRequest],
        *,
        purpose: Purpose,
        temperature: float | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[RolloutGroup]:
        """As `Sampler.sample`."""
        groups = self.sampler.sample(requests, purpose=purpose, temperature=temperature, on_progress=on_progress)
        self.lengths = [len(rollout.token_ids) for group in groups for rollout in group.rollouts]
        return groups

    def update_weights(self) -> None:
        """As `Sampler.update_weights`."""
        self.sampler.update_weights()


class ExactLengths(LogitsProcessor):
    """Makes each row of one `generate` call end with its own number of new tokens."""

    def __init__(self, lengths: Sequence[int], end_id: int) -> None:
        self.lengths = torch.tensor(lengths)
        self.end_id = end_id
        self._num_prompt_tokens: int | None = None

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> Any:
        """Scores of the next token, as `LogitsProcessor`."""
        if self._num_prompt_tokens is None:
            self._num_prompt_tokens = input_ids.shape[1]
            self.lengths = self.lengths.to(input_ids.device)
        is_last = self.lengths == input_ids.shape[1] - self._num_prompt_tokens + 1
        end = torch.where(is_last, 0.0, -torch.inf).to(scores.dtype)
        found: Tensor = scores.masked_fill(is_last[:, None], -torch.inf)
        found[:, self.end_id] = end
        return found


def generate_to_lengths(model: Any, lengths: Callable[[], Sequence[int]], end_id: int) -> None:
    """Change a model's `generate`: its rows end at the lengths that are asked for at each call."""
    generate = model.generate

    def generate_exactly(*args: Any, **options: Any) -> Any:
        processors = LogitsProcessorList([ExactLengths(lengths(), end_id)])
        return generate(*args, logits_processor=processors, **options)

    model.generate = generate_exactly
