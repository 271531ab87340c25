"""Log-probabilities of chosen tokens from hidden states, in chunks: logits never exist for all tokens at once.

One definition for trainer and sampler: log-softmax(logits / T) with banned ids at -inf, in float32 (float64 where
the weights are). The backward pass computes each chunk's logits again, so memory grows with the chunk, not with
tokens × vocabulary; where everything is one chunk its probabilities are kept instead.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from synergy.cpu_linear import linear


class TokenScores(NamedTuple):
    """Scores of tokens; a tuple, so that DDP and FSDP find the tensors in it."""

    logprobs: Float[Tensor, " tokens"]
    entropy: Float[Tensor, " tokens"] | None = None  #: of the distribution the token was drawn from, in nats
    top_logprobs: Float[Tensor, "tokens k"] | None = None  #: of the k likeliest tokens, falling; without gradient
    top_ids: Int[Tensor, "tokens k"] | None = None


class Head(NamedTuple):
    """The output layer and what makes a distribution of its logits."""

    weight: Float[Tensor, "vocabulary width"]
    bias: Float[Tensor, " vocabulary"] | None
    banned: Int[Tensor, " banned"]  #: ids of probability 0
    dtype: torch.dtype  #: of the matrix product: the weights', or autocast's
    logits_bytes: int  #: of logits that may be held at a time

    def logits(self, hidden: Float[Tensor, "tokens width"], temperature: float) -> Float[Tensor, "tokens vocabulary"]:
        """logits / T with banned ids at -inf, in float32 or float64."""
        bias = None if self.bias is None else self.bias.to(self.dtype)
        logits = linear(hidden.to(self.dtype), self.weight.to(self.dtype), bias).to(self.score_dtype)
        if temperature != 1:
            logits = logits.div_(temperature)
        return logits.index_fill_(1, self.banned, float("-inf"))

    @property
    def score_dtype(self) -> torch.dtype:
        """Of log-probabilities."""
        return torch.promote_types(self.dtype, torch.float32)

    @property
    def chunk_tokens(self) -> int:
        """Tokens whose logits fit in `logits_bytes`; at least one."""
        return max(1, self.logits_bytes // (len(self.weight) * self.score_dtype.itemsize))


def token_scores(
    hidden: Float[Tensor, "tokens width"],
    head: Head,
    targets: Int[Tensor, " tokens"],
    *,
    temperature: float = 1.0,
    entropy: bool = False,
    top_k: int = 0,
) -> TokenScores:
    """Scores of `targets`, each from the hidden state that predicts it, with gradients to `hidden` and the head.

    The gradient covers log-probabilities and entropy; the top k are statistics only.
    """
    logprobs, entropies, top_logprobs, top_ids = _TokenScores.apply(
        hidden, head.weight, head.bias, head, targets, temperature, entropy, top_k
    )
    return TokenScores(
        logprobs=logprobs,
        entropy=entropies if entropy else None,
        top_logprobs=top_logprobs if top_k else None,
        top_ids=top_ids if top_k else None,
    )


class _TokenScores(torch.autograd.Function):
    @staticmethod
    def forward(  # pyrefly: ignore  (the base class declares no arguments)
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        head: Head,
        targets: Tensor,
        temperature: float,
        entropy: bool,
        top_k: int,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        num_tokens, step = len(hidden), head.chunk_tokens
        dtype = head.score_dtype
        logprobs = hidden.new_empty(num_tokens, dtype=dtype)
        normalisers, entropies = torch.empty_like(logprobs), torch.empty_like(logprobs)
        top_logprobs = hidden.new_empty(num_tokens, top_k, dtype=dtype)
        top_ids = targets.new_empty(num_tokens, top_k)
        kept: Tensor | None = None
        for start in range(0, num_tokens, step):
            chunk = slice(start, start + step)
            logits = head.logits(hidden[chunk], temperature)
            normalisers[chunk] = logits.logsumexp(dim=1)
            everything = logits.sub_(normalisers[chunk, None])
            logprobs[chunk] = everything.gather(1, targets[chunk, None])[:, 0]
            if top_k:
                top_logprobs[chunk], top_ids[chunk] = everything.topk(top_k, dim=1)
            if entropy:
                entropies[chunk] = torch.special.entr(everything.exp()).sum(dim=1)
            kept = everything if num_tokens <= step else None
        ctx.save_for_backward(hidden, weight, bias, targets, normalisers, entropies, kept)
        ctx.head, ctx.temperature, ctx.entropy = head, temperature, entropy
        ctx.mark_non_differentiable(top_logprobs, top_ids)
        return logprobs, entropies, top_logprobs, top_ids

    @staticmethod
    @once_differentiable
    def backward(  # pyrefly: ignore
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor | None, ...]:
        hidden, weight, bias, targets, normalisers, entropies, kept = ctx.saved_tensors
        head = ctx.head._replace(weight=weight, bias=bias)
        of_logprobs, of_entropies = gradients[:2]
        wants_hidden, wants_weight, wants_bias = ctx.needs_input_grad[:3]
        to_hidden = torch.empty_like(hidden) if wants_hidden else None
        to_weight = torch.zeros_like(weight, dtype=normalisers.dtype) if wants_weight else None
        to_bias = torch.zeros_like(bias, dtype=normalisers.dtype) if wants_bias else None
        step = head.chunk_tokens
        for start in range(0, len(hidden), step):
            chunk = slice(start, start + step)
            everything = kept
            if everything is None:
                everything = head.logits(hidden[chunk], ctx.temperature).sub_(normalisers[chunk, None])
            probabilities = everything.exp()
            # d logp_y / d z = 1_y - p;  d H / d z = -p (log p + H), and 0 where p is 0
            slope = probabilities * -of_logprobs[chunk, None]
            if ctx.entropy:
                surprise = everything.masked_fill(probabilities == 0, 0) + entropies[chunk, None]
                slope -= probabilities * surprise * of_entropies[chunk, None]
            slope.scatter_add_(1, targets[chunk, None], of_logprobs[chunk, None])
            slope = (slope / ctx.temperature).to(head.dtype)
            if to_hidden is not None:
                to_hidden[chunk] = linear(slope, weight.to(slope.dtype).T)
            if to_weight is not None:
                to_weight += linear(slope.T, hidden[chunk].to(slope.dtype).T)
            if to_bias is not None:
                to_bias += slope.sum(dim=0)
        return (
            to_hidden,
            None if to_weight is None else to_weight.to(weight.dtype),
            None if to_bias is None else to_bias.to(bias.dtype),
            *([None] * 5),
        )
