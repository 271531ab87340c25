"""Sampler/trainer mismatch: the same weights give other probabilities in the sampler's engine; correct and watch it.

w = π_old / μ is what importance sampling multiplies a token (or, as a product, a sequence) by, where μ is the sampler.
Bounds and names follow verl's and ms-swift's rollout correction, IcePop and TRL. The metrics are of w before any bound.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from synergy.config.loss import MismatchConfig
from synergy.training.metrics import LossMetrics, mean_over
from synergy.training.ratios import MAX_LOG_RATIO, masked_difference, sequence_means, sequence_sums


def mismatch(
    old_logprobs: Float[Tensor, "tokens"],
    sampler_logprobs: Float[Tensor, "tokens"],
    mask: Bool[Tensor, "tokens"],
    sequence_index: Int[Tensor, "tokens"],
    num_sequences: int,
    config: MismatchConfig,
) -> tuple[Float[Tensor, "tokens"], LossMetrics]:
    """What each token's policy loss is multiplied by, and the health of the sampler over the tokens of `mask`.

    Tokens whose sampler log-prob is NaN (given, or not reported) have w = 1, share their sequence's product, and are in
    no metric. With w per token, `kl` is the mean of −log w (KL(μ‖π_old)), `k3` of w − log w − 1, `ppl_ratio` over
    sequences of the trainer's perplexity over the sampler's, `weight` and `weight_squared` of w and w²,
    `clipped_fraction` of w outside the bounds at the configured level, and `largest_weight` the largest.
    """
    mask = mask & ~sampler_logprobs.isnan()
    log_weight = masked_difference(old_logprobs.detach(), sampler_logprobs, mask)
    weight = log_weight.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()
    has_tokens = sequence_sums(mask.to(weight.dtype), sequence_index, num_sequences) > 0
    ppl_ratio = (-sequence_means(log_weight, mask, sequence_index, num_sequences)).exp()
    means = {
        "mismatch/kl": mean_over(-log_weight, mask),
        "mismatch/k3": mean_over(weight - log_weight - 1, mask),
        "mismatch/ppl_ratio": mean_over(ppl_ratio, has_tokens),
        "mismatch/weight": mean_over(weight, mask),
        "mismatch/weight_squared": mean_over(weight**2, mask),
    }
    factor, is_known = torch.ones_like(weight), mask
    if config.mode != "off":
        if config.level == "sequence":
            product = sequence_sums(log_weight, sequence_index, num_sequences)
            weight = product.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()[sequence_index]
            is_known = has_tokens[sequence_index]
        low, high = config.low or 0.0, torch.inf if config.high is None else config.high
        outside = (weight < low) | (weight > high)
        means["mismatch/clipped_fraction"] = mean_over(outside.to(weight.dtype), mask)
        bounded = weight.clamp(low, high) if config.mode == "truncate" else torch.where(outside, 0.0, weight)
        factor = torch.where(is_known, bounded, 1.0)
    largest = torch.where(mask, log_weight.clamp(max=MAX_LOG_RATIO).exp(), 0.0)
    maxima = {"mismatch/largest_weight": largest.max()} if len(largest) else {}
    return factor, LossMetrics(means=means, maxima=maxima)
