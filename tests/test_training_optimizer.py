"""Schedules by hand-computed numbers; what decays; clipping; parameters that a step had nothing for."""

import pytest
import torch
from torch import nn

from synergy.config.train import OptimizerConfig
from synergy.training.optimizer import (
    clip_gradients,
    fill_missing_gradients,
    gradient_norm,
    learning_rate,
    make_optimizer,
)


@pytest.mark.parametrize(
    ("schedule", "final", "expected"),
    [
        ("constant", 0.0, [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ("linear", 0.0, [0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
        ("linear", 0.5, [0.5, 1.0, 1.0, 0.9375, 0.875, 0.8125, 0.75, 0.6875, 0.625, 0.5625]),
        ("cosine", 0.0, [0.5, 1.0, 1.0, 0.96194, 0.85355, 0.69134, 0.5, 0.30866, 0.14645, 0.03806]),
    ],
)
def test_learning_rate(schedule, final, expected):
    config = OptimizerConfig(learning_rate=2.0, schedule=schedule, warmup_fraction=0.2, final_lr_fraction=final)
    found = [learning_rate(config, update, 10) / 2 for update in range(10)]
    assert found == pytest.approx(expected, abs=1e-5)


def _parameters() -> dict[str, nn.Parameter]:
    return {"weight": nn.Parameter(torch.ones(2, 2)), "bias": nn.Parameter(torch.ones(2))}


def test_matrices_decay_and_vectors_do_not():
    parameters = _parameters()
    optimizer = make_optimizer(parameters, OptimizerConfig(learning_rate=0.1, weight_decay=0.5))
    fill_missing_gradients(parameters)
    optimizer.step()
    assert torch.allclose(parameters["weight"], torch.full((2, 2), 0.95))
    assert torch.equal(parameters["bias"], torch.ones(2))


def test_a_parameter_without_gradient_keeps_its_momentum():
    """As it would on a process that adds a dummy: AdamW alone would skip it."""
    parameters = _parameters()
    optimizer = make_optimizer(parameters, OptimizerConfig(learning_rate=0.1))
    for parameter in parameters.values():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    optimizer.zero_grad()
    before = parameters["bias"].clone()
    parameters["weight"].grad = torch.ones(2, 2)
    fill_missing_gradients(parameters)
    optimizer.step()
    assert not torch.equal(parameters["bias"], before)


def test_clipping():
    parameters = _parameters()
    for parameter in parameters.values():
        parameter.grad = torch.full_like(parameter, 2.0)
    norm = gradient_norm(parameters)
    assert norm == pytest.approx(24**0.5)
    clip_gradients(parameters, norm, 10.0)
    assert gradient_norm(parameters) == pytest.approx(24**0.5)
    clip_gradients(parameters, norm, 1.0)
    assert gradient_norm(parameters) == pytest.approx(1.0)
