"""One training stage: a plain AdamW loop whose state survives SIGKILL at any moment.

Every batch is made from its step number alone, so a resumed stage sees exactly the batches it would have seen.
"""

import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from synergy.config.build import StageConfig

_BETAS, _WEIGHT_DECAY, _MAX_GRADIENT_NORM = (0.9, 0.98), 0.01, 1.0
_FINAL_LR_FRACTION = 0.05
SAVE_EVERY_STEPS = 100


Backward = Callable[[int], dict[str, float]]  #: adds the gradients of a step, returns its metrics


@dataclass(frozen=True)
class StepReport:
    """What one optimiser step gives to show."""

    step: int  #: steps done
    metrics: dict[str, float]


def learning_rate(config: StageConfig, step: int) -> float:
    """Linear warm-up, then cosine decay to a twentieth."""
    warmup = max(1, round(config.warmup_fraction * config.num_steps))
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, config.num_steps - warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * progress))
    return config.learning_rate * (_FINAL_LR_FRACTION + (1 - _FINAL_LR_FRACTION) * cosine)


def run_stage(
    modules: nn.ModuleDict,
    config: StageConfig,
    backward: Backward,
    state_file: Path,
) -> Iterator[StepReport]:
    """Train what is not frozen in `modules`; yields after every step and saves to `state_file` now and then.

    A stage whose state says it is complete loads its weights and yields nothing.
    """
    parameters = {name: parameter for name, parameter in modules.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(parameters.values(), betas=_BETAS, weight_decay=_WEIGHT_DECAY, fused=True)
    first = _load(state_file, parameters, optimizer)
    for step in range(first, config.num_steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        optimizer.zero_grad()
        metrics = backward(step)
        nn.utils.clip_grad_norm_(parameters.values(), _MAX_GRADIENT_NORM)
        optimizer.step()
        done = step + 1
        if done % SAVE_EVERY_STEPS == 0 or done == config.num_steps:
            _save(state_file, parameters, optimizer, done)
        yield StepReport(done, metrics)


def _save(file: Path, parameters: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, step: int) -> None:
    tensors = {f"weight/{name}": parameter.detach() for name, parameter in parameters.items()}
    for name, parameter in parameters.items():
        for key, value in optimizer.state[parameter].items():
            tensors[f"{key}/{name}"] = value
    partial = file.with_suffix(".partial")
    save_file(tensors, partial, metadata={"progress": json.dumps({"step": step})})
    os.replace(partial, file)


def _load(file: Path, parameters: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer) -> int:
    """Restore weights and optimiser state; returns the number of steps already done, 0 without a file."""
    if not file.exists():
        return 0
    tensors = load_file(file)
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[f"weight/{name}"])
            optimizer.state[parameter] = {key: tensors[f"{key}/{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
    return int(tensors[f"step/{next(iter(parameters))}"].item())
