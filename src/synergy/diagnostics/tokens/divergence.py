"""How far apart two distributions over the next token are, and how sharp each is; on logits alone."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

Scores = Float[Tensor, " tokens"]


class Divergence(NamedTuple):
    """Of each token, in nats."""

    forward: Scores  #: KL(tuned ‖ base): what the tuned model does that the base would not
    backward: Scores  #: KL(base ‖ tuned): what the base does that the tuned model no longer would
    entropy: Scores  #: of the tuned model
    base_entropy: Scores
    logprob: Scores  #: of the token that stands there, under the tuned model
    base_logprob: Scores


def divergence(
    tuned_logits: Float[Tensor, "tokens vocabulary"],
    base_logits: Float[Tensor, "tokens vocabulary"],
    targets: Int[Tensor, " tokens"],
) -> Divergence:
    """Exact sums over the vocabulary; ids at −inf in both have no part in them."""
    tuned, base = torch.log_softmax(tuned_logits, dim=1), torch.log_softmax(base_logits, dim=1)
    return Divergence(
        forward=_kl(tuned, base),
        backward=_kl(base, tuned),
        entropy=entropy(tuned),
        base_entropy=entropy(base),
        logprob=tuned.gather(1, targets[:, None])[:, 0],
        base_logprob=base.gather(1, targets[:, None])[:, 0],
    )


def entropy(logprobs: Float[Tensor, "tokens vocabulary"]) -> Scores:
    """−Σ p log p in nats."""
    return torch.special.entr(logprobs.exp()).sum(dim=1)


def _kl(of: Float[Tensor, "tokens vocabulary"], other: Float[Tensor, "tokens vocabulary"]) -> Scores:
    probabilities = of.exp()
    terms = torch.where(probabilities > 0, probabilities * (of - other), 0.0)
    return terms.sum(dim=1).clamp(min=0.0)  # rounding alone makes it negative
