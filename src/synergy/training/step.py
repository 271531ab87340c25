"""One optimiser step: the gradient of a share, whatever way it is cut up, and the update that follows.

The loss of a micro-batch is a weighted sum whose weights hold the denominators of the whole step (`normalise`), so
gradients add up over micro-batches and processes, and no split changes them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from synergy.config.loss import LossConfig
from synergy.config.train import OptimizerConfig
from synergy.training.inputs import loss_inputs
from synergy.training.losses import step_loss
from synergy.training.metrics import LossMetrics, merge_metrics
from synergy.training.micro_batches import MicroBatch, lay_out
from synergy.training.normalise import StepCounts
from synergy.training.optimizer import clip_gradients, fill_missing_gradients
from synergy.training.response_trees import SignalTree
from synergy.training.trained_policy import TrainedPolicy


@dataclass(frozen=True, kw_only=True)
class StepSettings:
    """What all steps of a run have in common."""

    loss: LossConfig
    temperature: float = 1.0  #: of the distribution that is trained: the sampler's, 1 for demonstrations
    max_tokens_per_micro_batch: int = 16384
    response_limit_tokens: int | None = None  #: the sampler's, for a `fixed_length` normaliser


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that is not finite."""

    component: str  #: a term of the loss, the log-probs, or the parameter whose gradient it is
    problem_ids: tuple[str, ...]  #: those that were in the same micro-batch, or in the step


@dataclass(frozen=True, kw_only=True)
class Gradient:
    """What a backward pass leaves beside the gradients themselves."""

    metrics: LossMetrics
    num_tokens: int  #: run through the model by this process, prompts included
    num_images: int  #: distinct ones, per micro-batch
    losses: tuple[tuple[MicroBatch, LossMetrics, Tensor], ...]  #: of each micro-batch, with its log-probs


def accumulate(
    policy: TrainedPolicy,
    trees: Sequence[SignalTree],
    counts: StepCounts,
    settings: StepSettings,
    *,
    kl_coefficient: float = 0.0,
) -> Gradient:
    """Add this process's share of a step to the gradients; called by all processes alike.

    `counts` are those of the whole step over all processes, sequences that need not be run included.
    """
    with_entropy = settings.loss.entropy.coefficient > 0
    done: list[tuple[MicroBatch, LossMetrics, Tensor]] = []
    num_tokens = num_images = 0
    for micro in lay_out([each.tree for each in trees], settings.max_tokens_per_micro_batch, policy):
        signals = [signal for index in micro.indices for signal in trees[index].signals]
        with policy.micro_step(is_last=micro.is_last):
            scores = policy.scores(micro.batch, temperature=settings.temperature, entropy=with_entropy)
            logprobs = scores.logprobs[: micro.num_scored]
            inputs = loss_inputs(
                signals,
                counts,
                settings.loss,
                device=logprobs.device,
                dtype=logprobs.dtype,
                response_limit_tokens=settings.response_limit_tokens,
            )
            entropy = None if scores.entropy is None else scores.entropy[: micro.num_scored]
            loss, metrics = step_loss(logprobs, entropy, inputs, settings.loss, kl_coefficient=kl_coefficient)
            loss = loss + 0.0 * scores.logprobs[micro.num_scored :].sum()
            # copies and shards average their gradients where ours are to be added up
            (loss * policy.processes.num).backward()
        done.append((micro, metrics, logprobs.detach()))
        num_tokens += len(micro.batch.input_ids)
        num_images += len({item.key for item in micro.batch.items})
    fill_missing_gradients(policy.trained)
    metrics = merge_metrics([metrics for _, metrics, _ in done])
    return Gradient(metrics=metrics, num_tokens=num_tokens, num_images=num_images, losses=tuple(done))


def find_fault(gradient: Gradient, policy: TrainedPolicy, norm: float) -> Fault | None:
    """What is not finite, the earliest in the forward pass first; None where all is well."""
    for micro, metrics, logprobs in gradient.losses:
        problem_ids = tuple(dict.fromkeys(tree.prompt.problem_id for tree in micro.batch.trees))
        if not torch.isfinite(logprobs).all():
            return Fault(component="policy log-probs", problem_ids=problem_ids)
        for name, value in metrics.sums.items():
            if not torch.isfinite(value):
                return Fault(component=name, problem_ids=problem_ids)
    if math.isfinite(norm):
        return None
    problem_ids = tuple(
        dict.fromkeys(tree.prompt.problem_id for micro, _, _ in gradient.losses for tree in micro.batch.trees)
    )
    bad = [name for name, p in policy.trained.items() if p.grad is not None and not _is_finite(p.grad)]
    component = f"the gradient of {bad[0]}" if bad else "the gradient's norm"
    more = f" and {len(bad) - 1} more parameters" if len(bad) > 1 else ""
    return Fault(component=component + more, problem_ids=problem_ids)


def _is_finite(gradient: Tensor) -> bool:
    local = gradient.to_local() if hasattr(gradient, "to_local") else gradient
    return bool(torch.isfinite(local).all())


def update(policy: TrainedPolicy, optimizer: torch.optim.Optimizer, config: OptimizerConfig, norm: float) -> None:
    """Clip the accumulated gradient of that norm, take the step, and forget the gradient."""
    clip_gradients(policy.trained, norm, config.max_gradient_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
