"""Denominators of a whole optimiser step as a weight for every token, so that losses are plain weighted sums.

The signals of all ranks are counted together, and `term_weights` divides once by what the step holds in all. A
micro-batch's loss is then a sum over its tokens, and how a step is split cannot change its gradient. Averaging over
micro-batches or ranks instead (a mean of means) weighs tokens of short batches more: the bug of 2604.23747.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from synergy.config.loss import LossConfig, NormaliserConfig
from synergy.errors import InputError
from synergy.records import TokenSignal


@dataclass(frozen=True, kw_only=True)
class TermCounts:
    """How much of a step belongs to one term: every token whose weight in the term is not 0."""

    num_tokens: int
    num_sequences: int
    tokens_of_problem: Mapping[str, int]  #: each problem of the term by its id, also one whose responses are all empty

    @property
    def num_problems(self) -> int:
        """Distinct problems."""
        return len(self.tokens_of_problem)


@dataclass(frozen=True, kw_only=True)
class StepCounts:
    """The counts of an optimiser step; the entropy term has the policy gradient's tokens."""

    policy_gradient: TermCounts
    nll: TermCounts
    kl: TermCounts
    all: TermCounts  #: all response tokens, whatever their term: the joint denominator; no prompts, given beginnings


@dataclass(frozen=True, kw_only=True, eq=False)
class TermWeights:
    """What each token of one sequence weighs in each term, its signal's weight over the step's denominator."""

    policy_gradient: Float[np.ndarray, "tokens"]
    nll: Float[np.ndarray, "tokens"]
    kl: Float[np.ndarray, "tokens"]
    entropy: Float[np.ndarray, "tokens"]


def count_signals(signals: Sequence[TokenSignal]) -> StepCounts:
    """The counts of the given signals: all of an optimiser step, over all ranks, zero signals included.

    A response without any token, as a failed one may be, counts as a sequence wherever sampled ones do.
    """
    return StepCounts(
        policy_gradient=_count(signals, [signal.policy_gradient_weight for signal in signals], with_empty=True),
        nll=_count(signals, [signal.nll_weight for signal in signals], with_empty=False),
        kl=_count(signals, [signal.kl_weight for signal in signals], with_empty=True),
        all=_count(signals, [_counted(signal) for signal in signals], with_empty=True),
    )


def _counted(signal: TokenSignal) -> Float32[np.ndarray, "_"]:
    """1 at the response's tokens. The beginning that an attempt was given is its prompt: who imitates it counts it."""
    rollout = signal.rollout
    counted = np.ones_like(signal.nll_weight)
    if not rollout.is_demonstration:
        counted[: rollout.num_guided_tokens] = 0
    return counted


def _count(
    signals: Sequence[TokenSignal], weights: Sequence[Float32[np.ndarray, "_"]], *, with_empty: bool
) -> TermCounts:
    tokens_of_problem: Counter[str] = Counter()
    num_sequences = 0
    for signal, weight in zip(signals, weights, strict=True):
        num_tokens = int(np.count_nonzero(weight))
        if num_tokens or (with_empty and not len(weight)):
            num_sequences += 1
            tokens_of_problem[signal.rollout.problem_id] += num_tokens
    return TermCounts(
        num_tokens=sum(tokens_of_problem.values()),
        num_sequences=num_sequences,
        tokens_of_problem=dict(tokens_of_problem),
    )


def term_weights(
    signal: TokenSignal, counts: StepCounts, loss: LossConfig, *, response_limit_tokens: int | None = None
) -> TermWeights:
    """The weights of one sequence's tokens, given the counts of the step.

    `response_limit_tokens` is the sampler's limit, the length of a `fixed_length` normaliser that names none. Raises
    InputError where neither gives one.
    """
    problem = signal.rollout.problem_id

    def weigh(
        weight: Float32[np.ndarray, "tokens"], term: TermCounts, normaliser: NormaliserConfig | None
    ) -> Float[np.ndarray, "tokens"]:
        num_active = np.count_nonzero(weight)
        if not num_active:  # and then the term's counts may be 0
            return np.zeros(len(weight))
        normaliser = normaliser or loss.normaliser
        over = counts.all if normaliser.denominator == "joint" else term
        match normaliser.kind:
            case "token_mean":
                divisor = over.num_tokens
            case "sequence_mean":
                divisor = over.num_sequences * num_active
            case "prompt_mean":
                divisor = over.num_problems * term.tokens_of_problem[problem]
            case "fixed_length":
                divisor = over.num_sequences * _length(normaliser, response_limit_tokens)
        return weight.astype(np.float64) / divisor

    policy_gradient = signal.policy_gradient_weight
    return TermWeights(
        policy_gradient=weigh(policy_gradient, counts.policy_gradient, loss.normaliser),
        nll=weigh(signal.nll_weight, counts.nll, loss.nll.normaliser),
        kl=weigh(signal.kl_weight, counts.kl, loss.kl.normaliser),
        entropy=weigh((policy_gradient != 0).astype(np.float32), counts.policy_gradient, loss.entropy.normaliser),
    )


def _length(normaliser: NormaliserConfig, response_limit_tokens: int | None) -> int:
    length = normaliser.length_tokens or response_limit_tokens
    if length is None:
        raise InputError(
            "normaliser fixed_length has no length_tokens, and there is no sampler whose limit to take; give one"
        )
    return length
