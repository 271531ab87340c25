"""Optimiser steps to take the gradient of, however they are cut up: attempts, demonstrations, both, guided attempts."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import MethodType
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from synergy.algorithms.grpo import annotate
from synergy.algorithms.progressive import annotate as annotate_progressive
from synergy.algorithms.signals import imitation_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm import GrpoConfig
from synergy.config.loss import LossConfig
from synergy.config.mixing import ProgressiveConfig
from synergy.config.model import ModelConfig
from synergy.models.loading import load_model
from synergy.models.prompt import Prompt
from synergy.pocket.world import items
from synergy.prompts import BOXED
from synergy.records import Problem, Rollout, RolloutGroup, StopReason, TokenSignal
from synergy.training.demonstrations import demonstration_group
from synergy.training.micro_batches import moving
from synergy.training.normalise import StepCounts, count_signals
from synergy.training.processes import Processes
from synergy.training.response_trees import SignalTree, signal_trees
from synergy.training.step import StepSettings, accumulate
from synergy.training.trained_policy import TrainedPolicy, whole

Name = Literal["sft", "rl", "mix", "guided"]
Dtype = Literal["float64", "float32"]
KL_COEFFICIENT = 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A step of eight problems in order: even ones with a picture, odd ones without, the last three without signal."""

    policy: TrainedPolicy
    problems: tuple[tuple[Prompt, tuple[TokenSignal, ...]], ...]
    settings: StepSettings

    @property
    def signals(self) -> list[TokenSignal]:
        """All signals of the step."""
        return [signal for _, signals in self.problems for signal in signals]

    @property
    def counts(self) -> StepCounts:
        """Of the whole step."""
        return count_signals(self.signals)

    def trees(self, chosen: list[int] | None = None, *, skip: bool = False) -> list[SignalTree]:
        """The trees of some problems, all by default."""
        found: list[SignalTree] = []
        for index in range(len(self.problems)) if chosen is None else chosen:
            prompt, signals = self.problems[index]
            found += signal_trees(prompt, moving(signals) if skip else signals, max_tokens=10_000)
        return found

    def single_trees(self) -> list[SignalTree]:
        """A tree for every response."""
        return [
            tree
            for prompt, signals in self.problems
            for signal in signals
            for tree in signal_trees(prompt, [signal], max_tokens=10_000)
        ]

    def gradient(
        self, trees: list[SignalTree], *, max_tokens: int = 10_000, counts: StepCounts | None = None
    ) -> dict[str, Tensor]:
        """The gradient of this process's trees, added up over all processes."""
        self.policy.policy.zero_grad(set_to_none=True)
        settings = replace(self.settings, max_tokens_per_micro_batch=max_tokens)
        accumulate(self.policy, trees, counts or self.counts, settings, kl_coefficient=KL_COEFFICIENT)
        return {name: whole(p.grad) for name, p in self.policy.trained.items() if p.grad is not None}


def make_case(
    name: Name,
    dtype: Dtype,
    checkpoint: Path,
    processes: Processes | None = None,
    parallel: Literal["replicated", "sharded"] = "replicated",
) -> Case:
    """The same case whenever it is made."""
    loaded = load_model(ModelConfig(checkpoint=str(checkpoint), dtype=dtype))
    if dtype == "float64":
        _use_exact_norms(loaded.model)
    policy = TrainedPolicy(loaded, processes or Processes(), parallel=parallel)
    noise = np.random.default_rng(5)
    found = []
    for index, item in enumerate(items("train", 8, seed=3)):
        problem = item.problem() if index % 2 == 0 else item.text_twin()
        imitates = name == "sft" or (name == "mix" and index < 3)
        if name == "guided":
            whole = demonstration_group(problem, [item.long()], loaded.renderer, BOXED).rollouts[0].token_ids
            given = whole[: len(whole) // 2] if index < 3 else whole[:0]
            group = _guided(problem, loaded.renderer.end_token_id, noise, given, has_signal=index < 5)
            config = ProgressiveConfig(loss=_loss(name), kl_on_prefix=True)
            signals = annotate_progressive([group], config, AlgorithmState(kl_coefficient=KL_COEFFICIENT))
        elif imitates:
            traces = (item.long(), item.short())
            groups = [demonstration_group(problem, traces[: 1 + index % 2], loaded.renderer, BOXED)]
            signals = imitation_signals("sft", groups)
        else:
            group = _attempts(problem, loaded.renderer.end_token_id, noise, has_signal=index < 5)
            signals = annotate([group], GrpoConfig(loss=_loss(name)), AlgorithmState(kl_coefficient=KL_COEFFICIENT))
        prompt = loaded.renderer.render(problem, BOXED)
        found.append((prompt, tuple(signals)))
    settings = StepSettings(loss=_loss(name), temperature=0.9)
    return Case(policy=policy, problems=tuple(found), settings=settings)


def _use_exact_norms(model: torch.nn.Module) -> None:
    """Let the model's norms compute in the type of their input: theirs is float32, which rounds at 1e-8."""

    def forward(self: Any, hidden_states: Tensor) -> Tensor:
        scale = torch.rsqrt(hidden_states.square().mean(-1, keepdim=True) + self.variance_epsilon)
        return self.weight * hidden_states * scale

    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = MethodType(forward, module)


def _loss(name: Name) -> LossConfig:
    joint = name in ("mix", "guided")
    normaliser = {"kind": "token_mean", "denominator": "joint" if joint else "own"}
    values: dict[str, object] = {"normaliser": normaliser, "nll": {"normaliser": normaliser}}
    if name == "rl":  # zero signals move the policy too
        values |= {"kl": {"place": "loss", "coefficient": KL_COEFFICIENT}, "entropy": {"coefficient": 0.01}}
    if name == "guided":  # k2, as k3 is exponential in what is far from the reference
        values |= {"kl": {"place": "loss", "coefficient": KL_COEFFICIENT, "estimator": "k2"}}
    return LossConfig.model_validate(values)


def _attempts(problem: Problem, end: int, noise: np.random.Generator, *, has_signal: bool) -> RolloutGroup:
    """Ragged attempts of 1 to 40 tokens at the edge of the clip."""
    rollouts = []
    for index in range(4):
        num_tokens = int(noise.integers(1, 41))
        ids = np.append(noise.integers(5, 250, num_tokens - 1), end)
        logprobs = noise.normal(-6, 0.2, (2, num_tokens)).astype(np.float32)
        rollouts.append(
            Rollout(
                problem_id=problem.id,
                sample_index=index,
                token_ids=ids,
                text="",
                stop_reason=StopReason.STOP,
                reward=float(index % 3) if has_signal else 1.0,
                policy_logprobs=logprobs[0],
                reference_logprobs=logprobs[1],
            )
        )
    return RolloutGroup(problem=problem, rollouts=tuple(rollouts))


def _guided(
    problem: Problem, end: int, noise: np.random.Generator, given: np.ndarray, *, has_signal: bool
) -> RolloutGroup:
    """Attempts, and where something is given it and attempts that go on from it."""
    group = _attempts(problem, end, noise, has_signal=has_signal and not len(given))
    if not len(given):
        return group
    unknown = np.full(len(given), np.nan, dtype=np.float32)
    beginning = Rollout(
        problem_id=problem.id,
        sample_index=0,
        token_ids=given,
        text="",
        stop_reason=StopReason.STOP,
        num_guided_tokens=len(given),
        reference_logprobs=noise.normal(-6, 0.2, len(given)).astype(np.float32),
    )
    guided = []
    for each in _attempts(problem, end, noise, has_signal=True).rollouts:
        assert each.policy_logprobs is not None
        assert each.reference_logprobs is not None
        guided.append(
            replace(
                each,
                token_ids=np.concatenate([given, each.token_ids]),
                num_guided_tokens=len(given),
                policy_logprobs=np.concatenate([unknown, each.policy_logprobs]),
                reference_logprobs=np.concatenate([unknown, each.reference_logprobs]),
            )
        )
    return replace(group, rollouts=(*group.rollouts, beginning, *guided))


def relative_difference(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    """The norm of the difference of two whole gradients over that of the second."""
    assert set(found) == set(expected)
    difference = sum(float((found[name].double() - each.double()).square().sum()) for name, each in expected.items())
    return (difference / sum(float(each.double().square().sum()) for each in expected.values())) ** 0.5


__all__ = ["Case", "Dtype", "Name", "make_case", "relative_difference"]
