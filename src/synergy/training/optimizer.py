"""AdamW and the course of its learning rate, a pure function of the update's number."""

import math
from collections.abc import Mapping

import torch
from torch import nn
from torch.distributed.tensor import DTensor

from synergy.config.train import OptimizerConfig


def make_optimizer(parameters: Mapping[str, nn.Parameter], config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW (1711.05101) over the given parameters; matrices decay, vectors such as biases and norms do not."""
    matrices = [parameter for parameter in parameters.values() if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters.values() if parameter.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=config.learning_rate,
        betas=config.betas,
        eps=config.epsilon,
        fused=True,
    )


def learning_rate(config: OptimizerConfig, update: int, num_updates: int) -> float:
    """Of optimiser step `update` (from 0) out of `num_updates`: linear warm-up to the peak, then the schedule."""
    warmup = round(config.warmup_fraction * num_updates)
    if update < warmup:
        return config.learning_rate * (update + 1) / warmup
    done = (update - warmup) / max(1, num_updates - warmup)
    match config.schedule:
        case "constant":
            share = 1.0
        case "linear":
            share = 1 - done
        case "cosine":
            share = 0.5 * (1 + math.cos(math.pi * done))
    return config.learning_rate * (config.final_lr_fraction + (1 - config.final_lr_fraction) * share)


def set_learning_rate(optimizer: torch.optim.Optimizer, value: float) -> None:
    """Give all groups this rate."""
    for group in optimizer.param_groups:
        group["lr"] = value


def fill_missing_gradients(parameters: Mapping[str, nn.Parameter]) -> None:
    """Zero gradients where a step had nothing for a parameter, as for the tower in a step without images.

    AdamW skips parameters without gradient; which those are must not depend on the number of processes.
    """
    for parameter in parameters.values():
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)


def gradient_norm(parameters: Mapping[str, nn.Parameter]) -> float:
    """The norm of the whole gradient, over all processes that hold parts of it."""
    gradients = [parameter.grad for parameter in parameters.values() if parameter.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)


def clip_gradients(parameters: Mapping[str, nn.Parameter], norm: float, max_norm: float) -> None:
    """Scale a gradient of that norm down to `max_norm` where it is longer."""
    if norm <= max_norm:
        return
    for parameter in parameters.values():
        assert parameter.grad is not None, "missing gradients are filled before"
        parameter.grad.mul_(max_norm / norm)
