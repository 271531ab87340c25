"""Make the signals that annotation returns, and tell those that move nothing."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from synergy.algorithms.groups import learns
from synergy.algorithms.kl_penalty import kl_to_come
from synergy.algorithms.state import AlgorithmState
from synergy.config.algorithm_sections import PolicyGradientSection
from synergy.errors import InputError
from synergy.records import Rollout, RolloutGroup, TokenSignal


def is_zero_signal(signal: TokenSignal) -> bool:
    """Whether the sequence has neither advantage nor imitation weight.

    It counts in every denominator and every reported number, but need not be run through the model unless
    `LossConfig.moves_zero_signals`.
    """
    learns = signal.advantage[signal.policy_gradient_weight != 0].any() or signal.nll_weight.any()
    return not bool(learns)


def policy_signals(
    groups: Sequence[RolloutGroup],
    advantages: Sequence[Float[np.ndarray, "_"]],
    config: PolicyGradientSection,
    state: AlgorithmState,
) -> list[TokenSignal]:
    """One signal per attempt, in order: its advantage at every sampled token, less the KL to come where asked for.

    Unscored and failed attempts keep their place in the sums with advantage 0, and so do truncated ones under
    `mask_truncated`; given tokens (a guided prefix) are in no sum.
    """
    signals = []
    for group, group_advantages in zip(groups, advantages, strict=True):
        for rollout, advantage in zip(group.rollouts, group_advantages, strict=True):
            per_token = np.zeros(len(rollout.token_ids))
            if learns(rollout, config):
                per_token += advantage
                if config.loss.kl.place == "return":
                    per_token -= state.kl_coefficient * kl_to_come(rollout, config.loss.kl)
            signals.append(_policy_signal(rollout, per_token, config.loss.kl.place == "loss"))
    return signals


def _policy_signal(rollout: Rollout, advantage: Float[np.ndarray, "tokens"], has_kl: bool) -> TokenSignal:
    sampled = (np.arange(len(rollout.token_ids)) >= rollout.num_guided_tokens).astype(np.float32)
    nothing = np.zeros_like(sampled)
    return TokenSignal(
        rollout=rollout,
        policy_gradient_weight=sampled,
        advantage=(advantage * sampled).astype(np.float32),
        nll_weight=nothing,
        kl_weight=sampled if has_kl else nothing,
    )


def imitation_signals(name: str, groups: Sequence[RolloutGroup]) -> list[TokenSignal]:
    """One signal per rollout, in order: imitate every given token, which is all of a demonstration.

    `name` is the algorithm's. Raises InputError for an attempt without given tokens.
    """
    signals = []
    for rollout in (rollout for group in groups for rollout in group.rollouts):
        if not rollout.num_guided_tokens:
            raise InputError(
                f"{name} got attempt {rollout.sample_index} at problem '{rollout.problem_id}', which has no "
                "given tokens; expected demonstrations"
            )
        given = (np.arange(len(rollout.token_ids)) < rollout.num_guided_tokens).astype(np.float32)
        nothing = np.zeros_like(given)
        signals.append(
            TokenSignal(
                rollout=rollout,
                policy_gradient_weight=nothing,
                advantage=nothing,
                nll_weight=given,
                kl_weight=nothing,
            )
        )
    return signals
