"""What is not finite is named: the earliest in the forward pass, with the problems of its micro-batch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from training_cases import Case, make_case

from synergy.training.faults import NonFiniteError, StepRecord, stop_if_faulty
from synergy.training.optimizer import gradient_norm
from synergy.training.step import Gradient, accumulate, find_fault


@pytest.fixture(scope="module")
def case(untrained: Path) -> Case:
    return make_case("rl", "float32", untrained)


def _gradient(case: Case, *, max_tokens: int = 10_000) -> Gradient:
    case.policy.policy.zero_grad()
    settings = replace(case.settings, max_tokens_per_micro_batch=max_tokens)
    return accumulate(case.policy, case.trees(), case.counts, settings)


def _gradient_of(case: Case, name: str) -> Tensor:
    found = case.policy.trained[name].grad
    assert found is not None
    return found


def test_nothing_is_wrong(case: Case):
    gradient = _gradient(case)
    assert find_fault(gradient, case.policy, gradient_norm(case.policy.trained)) is None


def test_a_gradient(case: Case):
    gradient = _gradient(case, max_tokens=1)
    name = "model.language_model.layers.1.mlp.down_proj.weight"
    _gradient_of(case, name)[0, 0] = torch.inf
    fault = find_fault(gradient, case.policy, gradient_norm(case.policy.trained))
    assert fault is not None
    assert fault.component == f"the gradient of {name}"
    assert len(fault.problem_ids) == 8


def test_a_term_of_the_loss_with_the_problems_of_its_micro_batch(case: Case):
    index = 2
    prompt, signals = case.problems[index]
    broken = replace(signals[0].rollout, reference_logprobs=np.full(len(signals[0].advantage), np.inf, np.float32))
    problems = list(case.problems)
    problems[index] = (prompt, (replace(signals[0], rollout=broken), *signals[1:]))
    changed = Case(policy=case.policy, problems=tuple(problems), settings=case.settings)
    settings = replace(case.settings, max_tokens_per_micro_batch=1)
    gradient = accumulate(changed.policy, changed.trees(), changed.counts, settings, kl_coefficient=0.1)
    fault = find_fault(gradient, case.policy, gradient_norm(case.policy.trained))
    assert fault is not None
    assert fault.component == "loss/kl"
    assert fault.problem_ids == (prompt.problem_id,)


def test_the_error_names_step_problems_and_component(case: Case):
    gradient = _gradient(case)
    _gradient_of(case, next(iter(case.policy.trained))).fill_(torch.nan)
    record = StepRecord(step=7, update=0, kl_coefficient=0.0, signals=tuple(case.signals))
    with pytest.raises(
        NonFiniteError, match=r"^step 7: the gradient of \S+ is not finite; problems in the batch: train-"
    ):
        stop_if_faulty(gradient, case.policy, gradient_norm(case.policy.trained), record)
