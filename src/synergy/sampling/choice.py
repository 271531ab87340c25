"""From logits to tokens: one uniform number a row decides, by inversion of the cumulative distribution.

The log-probabilities that go with the tokens are of the whole distribution, also where top-k or top-p cut it off.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Choice(NamedTuple):
    """A token for each row."""

    token_ids: Int[Tensor, " rows"]
    logprobs: Float[Tensor, " rows"]  #: under softmax of the logits


@dataclass(frozen=True, kw_only=True)
class Chooser:
    """How tokens are chosen; temperature 0 takes the likeliest."""

    temperature: float
    top_k: int = 0
    top_p: float = 1.0

    @property
    def divisor(self) -> float:
        """What logits are to be divided by before `choose`."""
        return self.temperature or 1.0

    def choose(self, logits: Float[Tensor, "rows vocabulary"], uniforms: Float[Tensor, " rows"]) -> Choice:
        """A token for each row, of logits / T with banned ids at -inf."""
        if self.temperature == 0:
            return likeliest(logits)
        return draw(logits, uniforms, top_k=self.top_k, top_p=self.top_p)


def likeliest(logits: Float[Tensor, "rows vocabulary"]) -> Choice:
    """The token of largest logit; it is certain, so its log-probability is 0."""
    return Choice(token_ids=logits.argmax(dim=1), logprobs=logits.new_zeros(len(logits)))


def draw(
    logits: Float[Tensor, "rows vocabulary"],
    uniforms: Float[Tensor, " rows"],
    *,
    top_k: int = 0,
    top_p: float = 1.0,
) -> Choice:
    """Tokens drawn from softmax of the logits (ids at -inf have no chance), one number in [0, 1) a row.

    `top_k` (0 for off) is applied before `top_p` (1 for off), as in transformers and vLLM.
    """
    peak = logits.amax(dim=1, keepdim=True)
    weights = (logits - peak).exp_()
    total = weights.sum(dim=1, dtype=torch.float64)
    # sums of float32 weights in float64: their rounding is far below that of the logits
    cumulative = truncated(weights, top_k, top_p).cumsum(dim=1, dtype=torch.float64)
    whole = cumulative[:, -1:]
    target = torch.minimum(uniforms[:, None] * whole, whole.nextafter(whole.new_zeros(())))
    ids = torch.searchsorted(cumulative, target, right=True)
    logprobs = (logits.gather(1, ids) - peak)[:, 0] - total.log().to(logits.dtype)
    return Choice(token_ids=ids[:, 0], logprobs=logprobs)


def truncated(weights: Float[Tensor, "rows vocabulary"], top_k: int, top_p: float) -> Float[Tensor, "rows vocabulary"]:
    """The weights with 0 on what top-k and then top-p leave out; tokens of equal weight at the edge of k all stay."""
    if 0 < top_k < weights.shape[1]:
        weights = weights.masked_fill(weights < weights.topk(top_k, dim=1).values[:, -1:], 0)
    if top_p < 1:
        falling, order = weights.sort(dim=1, descending=True, stable=True)
        cumulative = falling.cumsum(dim=1, dtype=torch.float64)
        # a token stays while those before it have less than top_p together: the likeliest always does
        outside = cumulative - falling >= top_p * cumulative[:, -1:]
        weights = weights.masked_fill(torch.zeros_like(outside).scatter(1, order, outside), 0)
    return weights
