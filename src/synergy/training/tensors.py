"""Trained weights and AdamW's state as named tensors, whole ones, whatever way processes hold them."""

from collections.abc import Mapping

import torch
from torch import Tensor

from synergy.training.trained_policy import TrainedPolicy, like, whole

_MOMENTS = ("exp_avg", "exp_avg_sq")


def weight_tensors(policy: TrainedPolicy) -> dict[str, Tensor]:
    """The trained weights by name; called by all processes alike."""
    return {name: whole(parameter) for name, parameter in policy.trained.items()}


def optimizer_tensors(policy: TrainedPolicy, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """AdamW's moments and step counts as `exp_avg/NAME` and so on; called by all processes alike."""
    found = {}
    for name, parameter in policy.trained.items():
        for key, value in optimizer.state[parameter].items():
            found[f"{key}/{name}"] = whole(value)
    return found


def restore_optimizer(policy: TrainedPolicy, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` gave."""
    for name, parameter in policy.trained.items():
        if f"step/{name}" in tensors:
            state = {key: like(tensors[f"{key}/{name}"], parameter) for key in _MOMENTS}
            state["step"] = tensors[f"step/{name}"].to(_step_device(parameter, optimizer))
            optimizer.state[parameter] = state


def _step_device(parameter: Tensor, optimizer: torch.optim.Optimizer) -> torch.device:
    """A fused AdamW counts where its parameters are."""
    return parameter.device if optimizer.defaults.get("fused") else torch.device("cpu")
