"""What an algorithm carries from step to step, to be checkpointed: so far the KL coefficient and how it moves."""

from dataclasses import dataclass

from synergy.config.loss import KlConfig


@dataclass(frozen=True, kw_only=True)
class AlgorithmState:
    """Plain numbers, one object per run."""

    kl_coefficient: float  #: β of the coming step


def initial_state(kl: KlConfig) -> AlgorithmState:
    """The state before the first step."""
    return AlgorithmState(kl_coefficient=kl.coefficient)


def next_state(state: AlgorithmState, kl: KlConfig, *, mean_kl: float, num_rollouts: int) -> AlgorithmState:
    """The state after a step of `num_rollouts` whose mean KL was `mean_kl` (metric `kl/value`, nats per token).

    β ← β · (1 + clip(KL / target − 1, −0.2, 0.2) · num_rollouts / horizon): Ziegler et al. 2019 (1909.08593),
    as in verl and OpenRLHF.
    """
    if kl.controller is None:
        return state
    error = min(max(mean_kl / kl.controller.target - 1, -0.2), 0.2)
    return AlgorithmState(kl_coefficient=state.kl_coefficient * (1 + error * num_rollouts / kl.controller.horizon))
