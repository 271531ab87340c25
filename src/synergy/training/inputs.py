"""Signals of a micro-batch as flat tensors over all its response tokens, in the order of sequences and tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from synergy.config.loss import LossConfig
from synergy.errors import InputError
from synergy.records import Rollout, TokenSignal
from synergy.training.normalise import StepCounts, term_weights


@dataclass(frozen=True, kw_only=True, eq=False)
class LossInputs:
    """What the loss needs beside the current log-probs; whole sequences only.

    Example: responses of 2 and 3 tokens give `sequence_index` [0, 0, 1, 1, 1]; under `token_mean` in a step of 10
    tokens each weight is 0.1.
    """

    num_sequences: int
    sequence_index: Int[Tensor, "tokens"]
    advantage: Float[Tensor, "tokens"]
    policy_gradient_weight: Float[Tensor, "tokens"]  #: this and the other weights are over the step's denominators
    nll_weight: Float[Tensor, "tokens"]
    kl_weight: Float[Tensor, "tokens"]
    entropy_weight: Float[Tensor, "tokens"]
    old_policy_logprobs: Float[Tensor, "tokens"] | None  #: None: the current policy is the one that sampled
    reference_logprobs: Float[Tensor, "tokens"] | None  #: NaN where a sequence has none, here and below
    sampler_logprobs: Float[Tensor, "tokens"] | None


def loss_inputs(
    signals: Sequence[TokenSignal],
    counts: StepCounts,
    loss: LossConfig,
    *,
    device: torch.device,
    dtype: torch.dtype,
    response_limit_tokens: int | None = None,
) -> LossInputs:
    """The signals of one micro-batch as tensors of the log-probs' device and dtype.

    `counts` are those of the whole step over all ranks. Where no attempt carries `policy_logprobs` the step is taken to
    be strictly on-policy, the first update after sampling. Raises InputError where an attempt that moves the policy
    lacks log-probs that `loss` needs, or that other attempts carry.
    """
    weights = [term_weights(signal, counts, loss, response_limit_tokens=response_limit_tokens) for signal in signals]
    moving = [signal.rollout for signal in signals if signal.advantage.any()]
    if any(rollout.policy_logprobs is not None for rollout in moving):
        _require(moving, lambda rollout: rollout.policy_logprobs, "the policy, as other attempts have")
    if loss.mismatch.mode != "off":
        _require(moving, lambda rollout: rollout.sampler_logprobs, "the sampler, as loss.mismatch is on")
    under_kl = [signal.rollout for signal in signals if signal.kl_weight.any()]
    _require(under_kl, lambda rollout: rollout.reference_logprobs, "the reference, as loss.kl.place is loss")

    def flat(arrays: Sequence[np.ndarray]) -> Float[Tensor, "tokens"]:
        return torch.as_tensor(np.concatenate([np.zeros(0), *arrays]), dtype=dtype, device=device)

    def scores(of: Callable[[Rollout], np.ndarray | None]) -> Float[Tensor, "tokens"] | None:
        found = [of(signal.rollout) for signal in signals]
        if all(array is None for array in found):
            return None
        lengths = [len(signal.advantage) for signal in signals]
        pairs = zip(found, lengths, strict=True)
        return flat([np.full(length, np.nan) if array is None else array for array, length in pairs])

    lengths = [len(signal.advantage) for signal in signals]
    return LossInputs(
        num_sequences=len(signals),
        sequence_index=torch.as_tensor(np.repeat(np.arange(len(signals)), np.array(lengths, dtype=int)), device=device),
        advantage=flat([signal.advantage for signal in signals]),
        policy_gradient_weight=flat([weight.policy_gradient for weight in weights]),
        nll_weight=flat([weight.nll for weight in weights]),
        kl_weight=flat([weight.kl for weight in weights]),
        entropy_weight=flat([weight.entropy for weight in weights]),
        old_policy_logprobs=scores(lambda rollout: rollout.policy_logprobs),
        reference_logprobs=scores(lambda rollout: rollout.reference_logprobs),
        sampler_logprobs=scores(lambda rollout: rollout.sampler_logprobs),
    )


def _require(rollouts: Sequence[Rollout], of: Callable[[Rollout], np.ndarray | None], whose: str) -> None:
    for rollout in rollouts:
        if of(rollout) is None:
            raise InputError(
                f"attempt {rollout.sample_index} at problem '{rollout.problem_id}' lacks log-probs; "
                f"expected those of {whose}"
            )
