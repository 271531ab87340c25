"""The loss of a micro-batch: a plain weighted sum over its response tokens of all terms (`synergy.config.loss`).

The weights already hold the denominators of the whole optimiser step over all ranks. So losses of micro-batches and
ranks *add up* to the step's loss, and so do gradients: where a wrapper averages gradients over D ranks (DDP, FSDP),
multiply the loss by D. A term without tokens is 0, never NaN.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from synergy.config.loss import LossConfig
from synergy.training.imitation import token_weights
from synergy.training.inputs import LossInputs
from synergy.training.kl import kl_values
from synergy.training.metrics import LossMetrics, mean_over, merge_metrics
from synergy.training.mismatch import mismatch
from synergy.training.policy_loss import policy_losses
from synergy.training.ratios import MAX_LOG_RATIO, masked_difference, sequence_means


class StepLoss(NamedTuple):
    """The loss of a micro-batch and what to report of it."""

    loss: Float[Tensor, ""]
    metrics: LossMetrics


def step_loss(
    logprobs: Float[Tensor, "tokens"],
    entropy: Float[Tensor, "tokens"] | None,
    inputs: LossInputs,
    config: LossConfig,
    *,
    kl_coefficient: float,
) -> StepLoss:
    """The loss under the current `logprobs` (with gradient); all tensors in the order of `inputs`.

    `entropy` is needed for an entropy bonus and otherwise only reported. `kl_coefficient` is β of this step
    (`AlgorithmState.kl_coefficient`), which a controller may have moved. Metrics: the terms of the loss as sums
    (`loss/…`), and over their tokens `policy/…`, `kl/value`, `nll/…`, `mismatch/…`.
    """
    terms: dict[str, Float[Tensor, ""]] = {}
    terms["policy_gradient"], policy = _policy_term(logprobs, inputs, config)
    terms["nll"], nll = _nll_term(logprobs, inputs, config)
    means = {}
    if inputs.reference_logprobs is not None:
        kl, means["kl/value"] = _kl_term(logprobs, inputs.reference_logprobs, inputs, config)
        if config.kl.place == "loss":
            terms["kl"] = kl_coefficient * kl
    if entropy is not None:
        means["policy/entropy"] = mean_over(entropy, inputs.policy_gradient_weight != 0)
        means["nll/entropy"] = mean_over(entropy, inputs.nll_weight != 0)
    if config.entropy.coefficient:
        assert entropy is not None, "the entropy bonus needs the entropy of every token"
        terms["entropy"] = -config.entropy.coefficient * (inputs.entropy_weight * entropy).sum()
    loss = torch.stack(list(terms.values())).sum()
    sums = {f"loss/{name}": value.detach() for name, value in (*terms.items(), ("total", loss))}
    return StepLoss(loss, merge_metrics([policy, nll, LossMetrics(sums=sums, means=means)]))


def _old_logprobs(logprobs: Float[Tensor, "tokens"], inputs: LossInputs) -> Float[Tensor, "tokens"]:
    """Of the policy before the update: the current ones where it is the same, and where a sequence has none."""
    current, old = logprobs.detach(), inputs.old_policy_logprobs
    return current if old is None else torch.where(old.isnan(), current, old)


def _policy_term(
    logprobs: Float[Tensor, "tokens"], inputs: LossInputs, config: LossConfig
) -> tuple[Float[Tensor, ""], LossMetrics]:
    mask = inputs.policy_gradient_weight != 0
    where = (mask, inputs.sequence_index, inputs.num_sequences)
    old = _old_logprobs(logprobs, inputs)
    log_ratio = masked_difference(logprobs, old, mask)
    logprobs = torch.where(mask, logprobs, 0.0)
    losses, metrics = policy_losses(logprobs, log_ratio, inputs.advantage, *where, config)
    parts = [metrics]
    behaviour = old
    if inputs.sampler_logprobs is not None:
        factor, health = mismatch(old, inputs.sampler_logprobs, *where, config.mismatch)
        losses = losses * factor
        parts.append(health)
        behaviour = torch.where(inputs.sampler_logprobs.isnan(), old, inputs.sampler_logprobs)
    if config.stale_threshold is not None:
        drift = masked_difference(behaviour, logprobs.detach(), mask)
        is_stale = sequence_means(drift, *where)[inputs.sequence_index] > config.stale_threshold
        is_stale = is_stale & (inputs.advantage < 0)
        losses = torch.where(is_stale, 0.0, losses)
        parts.append(LossMetrics(means={"policy/stale_fraction": mean_over(is_stale.to(losses.dtype), mask)}))
    return (inputs.policy_gradient_weight * losses).sum(), merge_metrics(parts)


def _kl_term(
    logprobs: Float[Tensor, "tokens"], reference: Float[Tensor, "tokens"], inputs: LossInputs, config: LossConfig
) -> tuple[Float[Tensor, ""], tuple[Float[Tensor, ""], Float[Tensor, ""]]]:
    """The weighted sum, and the mean over sampled tokens, which a controller needs wherever the KL's place is."""
    mask = ((inputs.policy_gradient_weight != 0) | (inputs.kl_weight != 0)) & ~reference.isnan()
    difference = masked_difference(logprobs, reference, mask)
    log_ratio = masked_difference(logprobs, _old_logprobs(logprobs, inputs), mask)
    ratio = log_ratio.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()
    values = kl_values(difference, ratio, config.kl.estimator)
    return (inputs.kl_weight * values).sum(), mean_over(values, mask)


def _nll_term(
    logprobs: Float[Tensor, "tokens"], inputs: LossInputs, config: LossConfig
) -> tuple[Float[Tensor, ""], LossMetrics]:
    mask = inputs.nll_weight != 0
    logprobs = torch.where(mask, logprobs, 0.0)
    weights = token_weights(logprobs, config.nll)
    means = {"nll/value": mean_over(-logprobs, mask), "nll/token_weight": mean_over(weights, mask)}
    term = config.nll.coefficient * (inputs.nll_weight * weights * -logprobs).sum()
    return term, LossMetrics(means=means)
