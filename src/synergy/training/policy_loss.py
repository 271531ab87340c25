"""The policy-gradient loss of each token from its ratio and advantage, before any weight: pure formulas."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from synergy.config.loss import LossConfig
from synergy.training.metrics import LossMetrics, mean_over
from synergy.training.ratios import MAX_LOG_RATIO, log_ratio_at, sequence_means


def policy_losses(
    logprobs: Float[Tensor, "tokens"],
    log_ratio: Float[Tensor, "tokens"],
    advantage: Float[Tensor, "tokens"],
    mask: Bool[Tensor, "tokens"],
    sequence_index: Int[Tensor, "tokens"],
    num_sequences: int,
    config: LossConfig,
) -> tuple[Float[Tensor, "tokens"], LossMetrics]:
    """The loss to minimise at each token, with `log_ratio` = log π − log π_old per token, 0 outside `mask`.

    Metrics over the tokens of `mask`: the ratio, and where the form clips, the fractions of tokens beyond the lower and
    upper bound (for clip and gmpo only where the advantage's sign lets the bound act).
    """
    low = torch.inf if config.clip_low is None else config.clip_low
    high = torch.inf if config.clip_high is None else config.clip_high
    if config.form == "gmpo":
        bounded = torch.where(advantage > 0, log_ratio.clamp(max=high), log_ratio.clamp(min=-low))
        log_mean = sequence_means(bounded, mask, sequence_index, num_sequences)
        ratio = log_mean.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()[sequence_index]
        below, above = (log_ratio < -low) & (advantage < 0), (log_ratio > high) & (advantage > 0)
        return -ratio * advantage, _metrics(ratio, mask, below, above)

    ratio = log_ratio_at(config.ratio_level, log_ratio, mask, sequence_index, num_sequences).exp()
    if config.form == "sapo":
        positive, negative = ratio.new_tensor([config.sapo_temperature_positive, config.sapo_temperature_negative])
        temperature = torch.where(advantage > 0, positive, negative)
        gate = torch.sigmoid(temperature * (ratio - 1)) * 4 / temperature
        return -gate * advantage, LossMetrics(means={"policy/ratio": mean_over(ratio.detach(), mask)})

    clipped = ratio.clamp(1 - low, 1 + high)
    below, above = ratio < 1 - low, ratio > 1 + high
    if config.form == "cispo":
        return -clipped.detach() * advantage * logprobs, _metrics(ratio, mask, below, above)
    capped = ratio if config.clip_dual is None else ratio.clamp(max=config.clip_dual)
    below, above = below & (advantage < 0), above & (advantage > 0)
    return -torch.minimum(capped * advantage, clipped * advantage), _metrics(ratio, mask, below, above)


def _metrics(
    ratio: Float[Tensor, "tokens"],
    mask: Bool[Tensor, "tokens"],
    below: Bool[Tensor, "tokens"],
    above: Bool[Tensor, "tokens"],
) -> LossMetrics:
    return LossMetrics(
        means={
            "policy/ratio": mean_over(ratio.detach(), mask),
            "policy/clipped_low_fraction": mean_over(below.to(ratio.dtype), mask),
            "policy/clipped_high_fraction": mean_over(above.to(ratio.dtype), mask),
        }
    )
