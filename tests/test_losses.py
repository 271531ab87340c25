"""Losses against numbers worked out by hand, exact gradients, and the same gradient however a step is split."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from attempts import attempt, demonstration, group
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from synergy.algorithms.registry import annotate
from synergy.algorithms.signals import is_zero_signal
from synergy.algorithms.state import initial_state
from synergy.config.algorithm import AlgorithmConfig, DrGrpoConfig, GrpoConfig, SftConfig, preset
from synergy.config.loss import LossConfig
from synergy.config.presets import PRESETS
from synergy.errors import InputError
from synergy.records import Rollout, TokenSignal
from synergy.training.inputs import LossInputs, loss_inputs
from synergy.training.kl import kl_values
from synergy.training.losses import StepLoss, step_loss
from synergy.training.metrics import merge_metrics, summarise
from synergy.training.normalise import StepCounts, count_signals, term_weights

CPU = torch.device("cpu")


def loss_of(**fields: Any) -> LossConfig:
    return LossConfig.model_validate(fields)


def signal(
    rollout: Rollout,
    advantage: Sequence[float] | float = 0.0,
    *,
    pg: Sequence[float] | float = 1,
    nll: Sequence[float] | float = 0,
    kl: Sequence[float] | float = 0,
) -> TokenSignal:
    def array(values: Sequence[float] | float) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, np.float32), len(rollout.token_ids)).copy()

    return TokenSignal(
        rollout=rollout,
        policy_gradient_weight=array(pg),
        advantage=array(advantage),
        nll_weight=array(nll),
        kl_weight=array(kl),
    )


def inputs_of(
    signals: Sequence[TokenSignal], loss: LossConfig, counts: StepCounts | None = None, **fields: Any
) -> LossInputs:
    counts = counts or count_signals(signals)
    return loss_inputs(signals, counts, loss, device=CPU, dtype=torch.float64, **fields)


def run(
    signals: Sequence[TokenSignal],
    logprobs: Sequence[float],
    loss: LossConfig,
    *,
    entropy: Sequence[float] | None = None,
    beta: float = 0.0,
) -> tuple[float, list[float], dict[str, float]]:
    """Loss, gradient and metrics of a whole step in one micro-batch."""
    current = torch.tensor(list(logprobs), dtype=torch.float64, requires_grad=True)
    entropies = None if entropy is None else torch.tensor(list(entropy), dtype=torch.float64)
    found = step_loss(current, entropies, inputs_of(signals, loss), loss, kl_coefficient=beta)
    (gradient,) = torch.autograd.grad(found.loss, current)
    return found.loss.item(), gradient.tolist(), summarise(found.metrics)


# The policy loss of one token, from its ratio r and advantage A, where log p is -1 and old log p is -1 - log r.

CLIP = loss_of(clip_low=0.2, clip_high=0.3)


def one_token(loss: LossConfig, ratio: float, advantage: float) -> tuple[float, float]:
    """Loss and its gradient by log p."""
    value, (slope,), _ = run([signal(attempt(1, policy_logprobs=[-1 - math.log(ratio)]), advantage)], [-1], loss)
    return value, slope


@pytest.mark.parametrize(
    ("loss", "ratio", "advantage", "value", "slope"),
    [
        # Inside the bounds −r·A, slope the same; beyond the one that acts, flat at the bound.
        (CLIP, 1.1, 2.0, -2.2, -2.2),
        (CLIP, 1.5, 2.0, -2.6, 0.0),
        (CLIP, 0.5, 2.0, -1.0, -1.0),
        (CLIP, 0.5, -2.0, 1.6, 0.0),
        (CLIP, 1.5, -2.0, 3.0, 3.0),
        (loss_of(clip_low=None, clip_high=None), 9.0, 2.0, -18.0, -18.0),
        # Dual clip: a negative advantage counts at most c times.
        (loss_of(clip_dual=3.0), 5.0, -2.0, 6.0, 0.0),
        (loss_of(clip_dual=3.0), 2.0, -2.0, 4.0, 4.0),
        (loss_of(clip_dual=3.0), 5.0, 2.0, -2.4, 0.0),
        # CISPO: −clip(r)·A·log p with log p = −1, slope −clip(r)·A, never 0.
        (loss_of(form="cispo", clip_low=None, clip_high=4.0), 2.0, 3.0, 6.0, -6.0),
        (loss_of(form="cispo", clip_low=None, clip_high=4.0), 8.0, 3.0, 15.0, -15.0),
        (loss_of(form="cispo", clip_low=None, clip_high=4.0), 0.01, 3.0, 0.03, -0.03),
        (loss_of(form="cispo", clip_low=0.5, clip_high=4.0), 0.01, -3.0, -1.5, 1.5),
        # SAPO at r = 1: σ(0)·4/τ = 2/τ; its slope in r is σ'(0)·4 = 1, so A·r·1 = A.
        (loss_of(form="sapo"), 1.0, 2.0, -4.0, -2.0),
        (loss_of(form="sapo", sapo_temperature_negative=2.0), 1.0, -3.0, 3.0, 3.0),
    ],
)
def test_policy_losses_of_one_token(
    loss: LossConfig, ratio: float, advantage: float, value: float, slope: float
) -> None:
    assert one_token(loss, ratio, advantage) == pytest.approx((value, slope), abs=1e-6)


def test_without_old_logprobs_the_ratio_is_one_and_has_a_gradient() -> None:
    for loss in (CLIP, loss_of(ratio_level="sequence")):
        value, gradient, metrics = run([signal(attempt(2), 3.0)], [-1, -2], loss)
        assert value == pytest.approx(-3)
        assert gradient == pytest.approx([-1.5, -1.5])
        assert metrics["policy/ratio"] == 1
    value, gradient, _ = run([signal(attempt(2), 3.0)], [-1, -2], loss_of(form="cispo", clip_low=None))
    assert (value, gradient) == (pytest.approx(4.5), pytest.approx([-1.5, -1.5]))


# Two tokens with ratios 2 and 8: geometric mean 4, product 16.


def two_tokens(loss: LossConfig, advantage: float) -> tuple[float, list[float]]:
    old = [-1 - math.log(2), -2 - math.log(8)]
    return run([signal(attempt(2, policy_logprobs=old), advantage)], [-1, -2], loss)[:2]


def test_gspo_has_one_ratio_per_sequence_and_each_tokens_gradient() -> None:
    loss = loss_of(ratio_level="sequence", clip_high=None, normaliser={"kind": "sequence_mean"})
    assert two_tokens(loss, 3.0) == (pytest.approx(-12, rel=1e-6), pytest.approx([-6, -6], rel=1e-6))
    # where advantages differ within a sequence each token keeps its own
    old = [-1 - math.log(2), -2 - math.log(8)]
    assert run([signal(attempt(2, policy_logprobs=old), [3, 1])], [-1, -2], loss)[1] == pytest.approx(
        [-6, -2], rel=1e-6
    )
    clipped = loss_of(ratio_level="sequence", clip_high=0.5, normaliser={"kind": "sequence_mean"})
    assert two_tokens(clipped, 3.0) == (pytest.approx(-4.5), [0, 0])


def test_the_product_of_ratios_has_the_gradient_of_the_whole_response() -> None:
    loss = loss_of(ratio_level="sequence_product", clip_high=None, normaliser={"kind": "sequence_mean"})
    assert two_tokens(loss, 3.0) == (pytest.approx(-48, rel=1e-6), pytest.approx([-48, -48], rel=1e-6))


def test_gmpo_clips_tokens_before_their_mean() -> None:
    # log 2 passes, log 8 is cut to log 4: mean log √8; the cut token has no gradient, the other half of the ratio's.
    bound = math.log(4)
    loss = loss_of(
        form="gmpo", ratio_level="sequence", clip_high=bound, clip_low=bound, normaliser={"kind": "sequence_mean"}
    )
    root = math.sqrt(8)
    assert two_tokens(loss, 3.0) == (pytest.approx(-3 * root, rel=1e-6), pytest.approx([-1.5 * root, 0], rel=1e-6))
    assert two_tokens(loss, -3.0) == (pytest.approx(12, rel=1e-6), pytest.approx([6, 6], rel=1e-6))


SEQUENCE = {"ratio_level": "sequence", "normaliser": {"kind": "sequence_mean"}}


@pytest.mark.parametrize("loss", [CLIP, loss_of(**SEQUENCE), loss_of(**SEQUENCE, form="gmpo"), loss_of(form="sapo")])
@pytest.mark.parametrize("advantage", [1.0, -1.0])
def test_an_infinite_ratio_leaves_a_finite_gradient(loss: LossConfig, advantage: float) -> None:
    signals = [signal(attempt(1, policy_logprobs=[-1000.0]), advantage)]
    current = torch.tensor([-1.0], requires_grad=True)
    inputs = loss_inputs(signals, count_signals(signals), loss, device=CPU, dtype=torch.float32)
    found = step_loss(current, None, inputs, loss, kl_coefficient=0.0)
    found.loss.backward()
    assert current.grad is not None
    assert math.isfinite(found.loss.item())
    assert current.grad.isfinite()


@pytest.mark.parametrize("form", ["clip", "cispo"])
def test_an_impossible_token_outside_a_term_does_not_reach_it(form: str) -> None:
    # A given token of probability 0 under the current policy, such as a banned id in a trace.
    signals = [signal(attempt(2, num_guided_tokens=1), 1.0, pg=[0, 1]), signal(demonstration(1), pg=0, nll=1)]
    value, gradient, _ = run(signals, [-math.inf, -1, -2], loss_of(form=form))
    assert value == pytest.approx((-1 if form == "clip" else 1) + 2)
    assert gradient == [0, -1, -1]


def test_stale_sequences_of_negative_advantage_are_left_out() -> None:
    # Mean log π_old/π is 0.6 in both; the token of ratio 1 shows that the mean decides.
    old = [-1 + 1.2, -1.0]
    loss = loss_of(stale_threshold=0.5, clip_low=None)
    signals = [signal(attempt(2, policy_logprobs=old), a) for a in (-1.0, 1.0)]
    value, gradient, metrics = run(signals, [-1] * 4, loss)
    assert value == pytest.approx(-(math.exp(-1.2) + 1) / 4, rel=1e-6)
    assert gradient[:2] == [0, 0]
    assert metrics["policy/stale_fraction"] == 0.5
    assert run(signals, [-1] * 4, loss_of(stale_threshold=0.7))[2]["policy/stale_fraction"] == 0


def test_clip_fractions_count_tokens_whose_bound_acts() -> None:
    ratios = [(0.5, -1.0), (0.5, 1.0), (2.0, 1.0), (2.0, -1.0), (1.0, 1.0)]
    signals = [signal(attempt(1, policy_logprobs=[-1 - math.log(r)]), a) for r, a in ratios]
    metrics = run(signals, [-1] * 5, CLIP)[2]
    assert (metrics["policy/clipped_low_fraction"], metrics["policy/clipped_high_fraction"]) == (0.2, 0.2)
    assert metrics["policy/ratio"] == pytest.approx(6 / 5)
    cispo = run(signals, [-1] * 5, loss_of(form="cispo", clip_low=None, clip_high=0.5))[2]
    assert (cispo["policy/clipped_low_fraction"], cispo["policy/clipped_high_fraction"]) == (0, 0.4)


# Imitation: loss and gradient where p = 0.3 and 0.8, tokens weighted 1/2 each.

P = (0.3, 0.8)


@pytest.mark.parametrize(
    ("token_weight", "weights"),
    [
        ("one", (1, 1)),
        ("p", P),
        ("clipped_p", (0.75, 1)),
        ("p_one_minus_p", (0.21, 0.16)),
        ("saturating_p", (0.6, 0.8)),
        ("luffy", (0.2 * 0.3 / 0.5**2, 0.2 * 0.8 / 1.0**2)),
    ],
)
def test_imitation_weights_by_hand(token_weight: str, weights: tuple[float, float]) -> None:
    loss = loss_of(nll={"token_weight": token_weight, "alpha": 0.4, "gamma": 0.2, "coefficient": 3.0})
    value, gradient, metrics = run([signal(demonstration(2), pg=0, nll=1)], [math.log(p) for p in P], loss)
    nll = [-math.log(p) for p in P]
    assert value == pytest.approx(3 * (weights[0] * nll[0] + weights[1] * nll[1]) / 2)
    assert gradient == pytest.approx([-1.5 * weight for weight in weights])
    assert metrics["nll/token_weight"] == pytest.approx(sum(weights) / 2)
    assert metrics["nll/value"] == pytest.approx(sum(nll) / 2)


def test_luffys_weight_is_the_gradient_of_its_objective() -> None:
    logp = torch.tensor([math.log(p) for p in P], dtype=torch.float64, requires_grad=True)
    p = logp.exp()
    (expected,) = torch.autograd.grad((-p / (p + 0.2)).sum() / 2, logp)
    loss = loss_of(nll={"token_weight": "luffy", "gamma": 0.2})
    assert run([signal(demonstration(2), pg=0, nll=1)], logp.tolist(), loss)[1] == pytest.approx(expected.tolist())


# KL: expectations over a vocabulary of three are exact, so gradients can be compared with KL's own.

LOGITS = torch.tensor([0.3, -1.0, 0.8], dtype=torch.float64)
REFERENCE = torch.tensor([0.0, 0.5, -0.7], dtype=torch.float64).log_softmax(0)
OLD = torch.tensor([1.0, 0.2, -0.3], dtype=torch.float64).log_softmax(0)


def gradient_of(function: Callable[[Tensor], Tensor]) -> Tensor:
    logits = LOGITS.clone().requires_grad_()
    return torch.autograd.grad(function(logits.log_softmax(0)), logits)[0]


def expected_kl(logp: Tensor, estimator: Any, sampled_from: Tensor) -> Tensor:
    """The estimator's expectation over tokens drawn from a fixed distribution: what a batch average tends to."""
    ratio = (logp - sampled_from.detach()).exp()
    return (sampled_from.detach().exp() * kl_values(logp - REFERENCE, ratio, estimator)).sum()


REVERSE = gradient_of(lambda logp: (logp.exp() * (logp - REFERENCE)).sum())
FORWARD = gradient_of(lambda logp: (REFERENCE.exp() * (REFERENCE - logp)).sum())


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [("k1", torch.zeros(3)), ("k2", REVERSE), ("k3", FORWARD), ("k3+", REVERSE), ("k3_ratio", REVERSE)],
)
def test_which_kl_each_estimator_descends_on_policy(estimator: str, expected: Tensor) -> None:
    found = gradient_of(lambda logp: expected_kl(logp, estimator, logp))
    assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_only_the_ratio_corrects_kl_off_policy() -> None:
    for estimator, is_right in (("k3_ratio", True), ("k2", False), ("k3+", False)):
        found = gradient_of(lambda logp, estimator=estimator: expected_kl(logp, estimator, OLD))
        assert (found.tolist() == pytest.approx(REVERSE.tolist(), abs=1e-12)) is is_right


def test_kl_values_by_hand() -> None:
    difference, ratio = torch.tensor([math.log(2)]), torch.tensor([3.0])
    k3 = math.log(2) - 0.5
    for estimator, value in (
        ("k1", math.log(2)),
        ("k2", math.log(2) ** 2 / 2),
        ("k3", k3),
        ("k3+", k3),
        ("k3_ratio", 3 * k3),
    ):
        assert kl_values(difference, ratio, estimator).item() == pytest.approx(value)


def test_the_kl_term_has_its_own_coefficient_and_mask() -> None:
    # One token of three is under KL with d = log 2.
    rollout = attempt(3, reference_logprobs=[-1 - math.log(2), -1, -5])
    loss = loss_of(kl={"place": "loss", "estimator": "k1", "coefficient": 9.0})
    value, gradient, metrics = run([signal(rollout, pg=[1, 1, 0], kl=[1, 0, 0])], [-1] * 3, loss, beta=0.5)
    assert value == pytest.approx(0.5 * math.log(2))
    assert gradient == pytest.approx([0.5, 0, 0])
    assert metrics["loss/kl"] == value
    assert metrics["kl/value"] == pytest.approx(math.log(2) / 2)


def test_kl_may_be_of_tokens_outside_the_policy_gradient() -> None:
    rollout = attempt(1, reference_logprobs=[-1.5])
    loss = loss_of(kl={"place": "loss", "estimator": "k1", "coefficient": 1.0})
    assert run([signal(rollout, pg=0, kl=1)], [-1], loss, beta=1.0)[0] == pytest.approx(0.5)


def test_kl_is_reported_where_it_is_in_the_reward() -> None:
    rollout = attempt(2, reference_logprobs=[-1.5, -1.1])
    loss = loss_of(kl={"place": "reward", "estimator": "k1", "coefficient": 0.1})
    value, _, metrics = run([signal(rollout)], [-1, -1], loss, beta=0.1)
    assert (value, metrics["kl/value"]) == (0, pytest.approx(0.3, rel=1e-6))
    assert "loss/kl" not in metrics


def test_the_entropy_bonus_is_of_the_policy_gradients_tokens() -> None:
    signals = [signal(attempt(2)), signal(demonstration(1), pg=0, nll=1)]
    loss = loss_of(entropy={"coefficient": 0.1}, nll={"coefficient": 0.0})
    value, _, metrics = run(signals, [-1] * 3, loss, entropy=[2.0, 4.0, 7.0])
    assert value == pytest.approx(-0.1 * 3)
    assert (metrics["policy/entropy"], metrics["nll/entropy"]) == (3, 7)


# Normalisers. Problem p has responses of 1 and 3 tokens, q one of 2, r a demonstration of 4.


def ragged() -> list[TokenSignal]:
    return [
        signal(attempt(1), 1.0),
        signal(attempt(3), 1.0, pg=[0, 1, 1]),
        signal(attempt(2, problem_id="q"), 1.0),
        signal(demonstration(4, problem_id="r"), pg=0, nll=[1, 1, 0.5, 0]),
    ]


@pytest.mark.parametrize(
    ("normaliser", "expected"),
    [
        ({"kind": "token_mean"}, [[1 / 5], [0, 1 / 5, 1 / 5], [1 / 5] * 2]),
        ({"kind": "token_mean", "denominator": "joint"}, [[1 / 10], [0, 1 / 10, 1 / 10], [1 / 10] * 2]),
        ({"kind": "sequence_mean"}, [[1 / 3], [0, 1 / 6, 1 / 6], [1 / 6] * 2]),
        ({"kind": "sequence_mean", "denominator": "joint"}, [[1 / 4], [0, 1 / 8, 1 / 8], [1 / 8] * 2]),
        ({"kind": "prompt_mean"}, [[1 / 6], [0, 1 / 6, 1 / 6], [1 / 4] * 2]),
        # joint counts r, which has a demonstration alone, as a problem; the means are still of the term's own tokens
        ({"kind": "prompt_mean", "denominator": "joint"}, [[1 / 9], [0, 1 / 9, 1 / 9], [1 / 6] * 2]),
        ({"kind": "fixed_length", "length_tokens": 10}, [[1 / 30], [0, 1 / 30, 1 / 30], [1 / 30] * 2]),
        (
            {"kind": "fixed_length", "length_tokens": 10, "denominator": "joint"},
            [[1 / 40], [0, 1 / 40, 1 / 40], [1 / 40] * 2],
        ),
    ],
)
def test_normalisers_by_hand(normaliser: dict[str, Any], expected: list[list[float]]) -> None:
    loss = loss_of(normaliser=normaliser)
    signals = ragged()
    weights = [term_weights(each, count_signals(signals), loss) for each in signals]
    assert [list(weight.policy_gradient) for weight in weights[:3]] == [pytest.approx(row) for row in expected]
    assert not weights[3].policy_gradient.any()
    assert list(weights[3].nll) == pytest.approx([1 / 3, 1 / 3, 1 / 6, 0])


def test_imitation_under_a_joint_denominator_weighs_what_it_is_of_the_step() -> None:
    loss = loss_of(nll={"normaliser": {"denominator": "joint"}})
    signals = ragged()
    assert list(term_weights(signals[3], count_signals(signals), loss).nll) == pytest.approx([0.1, 0.1, 0.05, 0])


def test_kl_and_entropy_take_the_policy_gradients_normaliser_unless_told() -> None:
    signals = [signal(attempt(1), kl=1), signal(attempt(3), kl=1)]
    of = count_signals(signals)
    shared = term_weights(signals[1], of, loss_of(normaliser={"kind": "sequence_mean"}))
    assert list(shared.kl) == list(shared.entropy) == pytest.approx([1 / 6] * 3)
    token_mean = {"normaliser": {"kind": "token_mean"}}
    own = term_weights(signals[1], of, loss_of(normaliser={"kind": "sequence_mean"}, kl=token_mean, entropy=token_mean))
    assert list(own.kl) == list(own.entropy) == pytest.approx([1 / 4] * 3)


def test_an_empty_response_counts_as_a_sequence() -> None:
    signals = [signal(attempt(2), 1.0), signal(attempt(0))]
    loss = loss_of(normaliser={"kind": "sequence_mean"})
    assert list(term_weights(signals[0], count_signals(signals), loss).policy_gradient) == [1 / 4, 1 / 4]


def test_a_fixed_length_is_the_samplers_limit_where_none_is_given() -> None:
    signals, loss = [signal(attempt(1), 1.0)], DrGrpoConfig().loss
    found = inputs_of(signals, loss, response_limit_tokens=8).policy_gradient_weight
    assert found.tolist() == [1 / 8]
    with pytest.raises(InputError, match="fixed_length has no length_tokens"):
        inputs_of(signals, loss)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("pqr"), st.integers(0, 2)), min_size=1, max_size=12))
@settings(deadline=None)
def test_counts_have_no_order_and_weights_sum_to_one(rows: list[tuple[int, str, int]]) -> None:
    signals = [signal(attempt(n, problem_id=problem)) for n, problem, _ in rows]
    counts = count_signals(signals)
    ranks = [[each for each, row in zip(signals, rows, strict=True) if row[2] == rank] for rank in range(3)]
    assert count_signals([each for rank in ranks for each in rank]) == counts
    weights = [term_weights(each, counts, loss_of()).policy_gradient.sum() for each in signals]
    assert sum(weights) == pytest.approx(1 if any(n for n, _, _ in rows) else 0)
    full = [(signal(attempt(n + 1, problem_id=problem))) for n, problem, _ in rows]
    for kind in ("sequence_mean", "prompt_mean"):
        loss = loss_of(normaliser={"kind": kind})
        assert sum(
            term_weights(each, count_signals(full), loss).policy_gradient.sum() for each in full
        ) == pytest.approx(1)


# A step of everything at once, on a small model: log p of token t of sequence i is a function of shared parameters.


class Model:
    """A table of log-probs per sequence, log-softmax over five ids of features times parameters."""

    def __init__(self, lengths: Sequence[int]) -> None:
        generator = torch.Generator().manual_seed(0)
        self.features = [torch.randn(n, 6, generator=generator, dtype=torch.float64) for n in lengths]
        self.parameters = torch.randn(6, 5, generator=generator, dtype=torch.float64).requires_grad_()

    def __call__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        rows = torch.cat([torch.zeros(0, 6, dtype=torch.float64), *(self.features[i] for i in indices)])
        logp = (rows @ self.parameters).log_softmax(-1)
        return logp[:, 0], -(logp.exp() * logp).sum(-1)


def mixed_step() -> tuple[list[TokenSignal], Model]:
    """24 ragged sequences of six problems: attempts with all scores, an empty one, zero signals, demonstrations."""
    rng = np.random.default_rng(5)
    signals = []
    for problem in range(6):
        for sample in range(3):
            n = int(rng.integers(1, 12)) if (problem, sample) != (2, 1) else 0
            names = ("policy_logprobs", "reference_logprobs", "sampler_logprobs")
            scores: dict[str, Any] = {name: rng.normal(-1.6, 0.3, n) for name in names}
            rollout = attempt(n, problem_id=str(problem), **scores)
            signals.append(signal(rollout, 0.0 if problem == 0 else float(rng.normal()), kl=1))
        signals.append(signal(demonstration(int(rng.integers(1, 20)), problem_id=str(problem)), pg=0, nll=1))
    return signals, Model([len(each.advantage) for each in signals])


EVERYTHING = {
    "kl": {"place": "loss", "estimator": "k3_ratio", "coefficient": 0.1},
    "nll": {"token_weight": "p_one_minus_p", "coefficient": 0.5},
    "entropy": {"coefficient": 0.02},
    "mismatch": {"mode": "mask", "level": "sequence", "high": 2.0},
    "stale_threshold": 0.1,
    "clip_dual": 3.0,
}
LOSSES = [
    loss_of(**EVERYTHING),
    loss_of(**EVERYTHING, normaliser={"kind": "sequence_mean", "denominator": "joint"}),
    loss_of(**EVERYTHING, normaliser={"kind": "prompt_mean"}, ratio_level="sequence"),
    loss_of(**EVERYTHING, normaliser={"kind": "sequence_mean"}, ratio_level="sequence_product"),
    loss_of(
        **(EVERYTHING | {"clip_dual": None}), form="cispo", normaliser={"kind": "fixed_length", "length_tokens": 20}
    ),
]


def step_gradient(loss: LossConfig, parts: Sequence[Sequence[int]]) -> tuple[Tensor, StepLoss]:
    signals, model = mixed_step()
    counts = count_signals(signals)
    found = []
    for part in parts:
        logprobs, entropy = model(part)
        inputs = inputs_of([signals[i] for i in part], loss, counts)
        found.append(step_loss(logprobs, entropy, inputs, loss, kl_coefficient=0.1))
        found[-1].loss.backward()
    assert model.parameters.grad is not None
    total = torch.stack([each.loss.detach() for each in found]).sum()
    return model.parameters.grad, StepLoss(total, merge_metrics(each.metrics for each in found))


def relative(a: Tensor, b: Tensor) -> float:
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_does_not_depend_on_how_a_step_is_split(loss: LossConfig) -> None:
    whole, expected = step_gradient(loss, [range(24)])
    rng = np.random.default_rng(1)
    singles = [[i] for i in range(24)]
    random = []
    for _ in range(4):
        cuts = [0, *sorted(rng.choice(np.arange(1, 24), 5, replace=False)), 24]
        order = rng.permutation(24)
        random.append([[int(i) for i in order[a:b]] for a, b in pairwise(cuts)])
    for parts in (singles, *random):
        gradient, found = step_gradient(loss, parts)
        assert relative(gradient, whole) < 1e-12
        assert found.loss.item() == pytest.approx(expected.loss.item(), rel=1e-12)
        assert summarise(found.metrics) == pytest.approx(summarise(expected.metrics), rel=1e-9)


def test_a_mean_of_means_is_another_gradient() -> None:
    """What the counts are for: each micro-batch normalised by its own counts, the results averaged."""
    loss = loss_of(**EVERYTHING)
    whole, _ = step_gradient(loss, [range(24)])
    signals, model = mixed_step()
    for part in ([0, 1, 2, 3, 4, 5], list(range(6, 24))):
        logprobs, entropy = model(part)
        own_counts = inputs_of([signals[i] for i in part], loss)
        (step_loss(logprobs, entropy, own_counts, loss, kl_coefficient=0.1).loss / 2).backward()
    assert model.parameters.grad is not None
    assert relative(model.parameters.grad, whole) > 0.05


def test_skipping_zero_signals_changes_nothing_where_nothing_else_moves_them() -> None:
    loss = loss_of(normaliser={"kind": "sequence_mean"})
    signals, _ = mixed_step()
    kept = [i for i, each in enumerate(signals) if not is_zero_signal(each)]
    assert len(kept) == 24 - 4  # problem 0's attempts and the empty one
    assert relative(step_gradient(loss, [kept])[0], step_gradient(loss, [range(24)])[0]) < 1e-12


@pytest.mark.parametrize("loss", LOSSES)
def test_terms_without_tokens_are_zero_and_never_nan(loss: LossConfig) -> None:
    signals, model = mixed_step()
    only_demonstration, only_empty, none = [signals[3]], [signals[9]], []
    assert not len(signals[9].advantage)
    for part, indices in ((only_demonstration, [3]), (only_empty, [9]), (none, [])):
        logprobs, entropy = model(indices)
        found = step_loss(logprobs, entropy, inputs_of(part, loss), loss, kl_coefficient=0.1)
        (gradient,) = torch.autograd.grad(found.loss, model.parameters)
        metrics = summarise(found.metrics)
        assert math.isfinite(found.loss.item())
        assert gradient.isfinite().all()
        assert metrics["loss/policy_gradient"] == 0
        assert all(math.isfinite(value) for value in metrics.values())
    assert found.loss.item() == 0


def test_a_rank_of_demonstrations_and_one_of_attempts_make_one_step() -> None:
    loss = loss_of(**EVERYTHING)
    signals, model = mixed_step()
    demonstrations = [i for i, each in enumerate(signals) if each.nll_weight.any()]
    ranks = [demonstrations, [i for i in range(24) if i not in demonstrations]]
    counts = count_signals(signals)
    for rank in ranks:
        logprobs, entropy = model(rank)
        inputs = inputs_of([signals[i] for i in rank], loss, counts)
        step_loss(logprobs, entropy, inputs, loss, kl_coefficient=0.1).loss.backward()
    assert model.parameters.grad is not None
    assert relative(model.parameters.grad, step_gradient(loss, [range(24)])[0]) < 1e-12


# Sampler/trainer mismatch. w = π_old/μ is 2 and 1/2 in the first sequence, 4 in the second.


def mismatched(mode: str, level: str = "token", **bounds: float) -> tuple[list[float], dict[str, float]]:
    """Gradients over −A/N of each token, which are the factors, and the metrics."""
    signals = [
        signal(attempt(2, sampler_logprobs=[-1 - math.log(2), -1 + math.log(2)]), 1.0),
        signal(attempt(1, sampler_logprobs=[-1 - math.log(4)]), 1.0),
    ]
    loss = loss_of(mismatch={"mode": mode, "level": level, **bounds})
    _, gradient, metrics = run(signals, [-1] * 3, loss)
    return [-3 * slope for slope in gradient], metrics


@pytest.mark.parametrize(
    ("options", "factors"),
    [
        ({"mode": "off", "high": 1.0}, [1, 1, 1]),
        ({"mode": "truncate", "high": 3.0}, [2, 0.5, 3]),
        ({"mode": "truncate", "low": 0.6, "high": 3.0}, [2, 0.6, 3]),
        ({"mode": "mask", "high": 3.0}, [2, 0.5, 0]),
        ({"mode": "mask", "low": 0.6, "high": 9.0}, [2, 0, 4]),
        ({"mode": "truncate", "level": "sequence", "high": 3.0}, [1, 1, 3]),
        ({"mode": "mask", "level": "sequence", "high": 3.0}, [1, 1, 0]),
        ({"mode": "mask", "level": "sequence", "low": 2.0}, [0, 0, 4]),
    ],
)
def test_mismatch_factors_by_hand(options: dict[str, Any], factors: list[float]) -> None:
    assert mismatched(**options)[0] == pytest.approx(factors, rel=1e-6)


def test_mismatch_health_by_hand() -> None:
    metrics = mismatched("mask", high=3.0)[1]
    log2 = math.log(2)
    expected = {
        "mismatch/kl": -2 * log2 / 3,
        "mismatch/k3": (2 + 0.5 + 4 - 3 - 2 * log2) / 3,
        "mismatch/ppl_ratio": (1 + 1 / 4) / 2,
        "mismatch/weight": 6.5 / 3,
        "mismatch/chi_squared": (4 + 0.25 + 16) / 3 - 1,
        "mismatch/effective_sample_fraction": (6.5 / 3) ** 2 / (20.25 / 3),
        "mismatch/clipped_fraction": 1 / 3,
        "mismatch/largest_weight": 4,
    }
    found = {key: value for key, value in metrics.items() if key.startswith("mismatch/")}
    assert found == pytest.approx(expected, rel=1e-6)
    assert mismatched("mask", "sequence", high=3.0)[1]["mismatch/clipped_fraction"] == pytest.approx(1 / 3)
    assert "mismatch/clipped_fraction" not in mismatched("off")[1]


def test_tokens_without_sampler_logprobs_are_neither_corrected_nor_counted() -> None:
    loss = loss_of(mismatch={"mode": "truncate", "high": 9.0})
    partly = attempt(2, sampler_logprobs=[np.nan, -1 - math.log(2)])
    _, gradient, metrics = run([signal(partly, 1.0)], [-1, -1], loss)
    assert gradient == pytest.approx([-1 / 2, -1], rel=1e-6)
    assert metrics["mismatch/weight"] == pytest.approx(2, rel=1e-6)
    unknown = attempt(1, sampler_logprobs=[np.nan])
    by_sequence = loss_of(mismatch={"mode": "truncate", "level": "sequence", "low": 1.5})
    gradient = run([signal(partly, 1.0), signal(unknown, 1.0)], [-1] * 3, by_sequence)[1]
    assert gradient == pytest.approx([-2 / 3, -2 / 3, -1 / 3], rel=1e-6)


def test_the_policy_before_the_update_is_what_the_sampler_is_compared_with() -> None:
    # π_old/μ = 3 while π/π_old = 2.
    rollout = attempt(1, policy_logprobs=[-1 - math.log(2)], sampler_logprobs=[-1 - math.log(6)])
    loss = loss_of(mismatch={"mode": "truncate", "high": 9.0}, clip_high=None)
    value, _, metrics = run([signal(rollout, 1.0)], [-1], loss)
    assert (value, metrics["mismatch/weight"]) == (pytest.approx(-6, rel=1e-6), pytest.approx(3, rel=1e-6))


@pytest.mark.parametrize(
    ("fields", "whose"),
    [
        ({"kl": {"place": "loss", "coefficient": 0.1}}, "the reference"),
        ({"mismatch": {"mode": "mask", "high": 2.0}}, "the sampler"),
    ],
)
def test_missing_logprobs_are_refused(fields: dict[str, Any], whose: str) -> None:
    with pytest.raises(InputError, match=f"attempt 0 at problem 'p' lacks log-probs; expected those of {whose}"):
        inputs_of([signal(attempt(2), 1.0, kl=1 if "kl" in fields else 0)], loss_of(**fields))


def test_attempts_are_scored_by_the_policy_all_or_none() -> None:
    signals = [signal(attempt(1, policy_logprobs=[-1.0]), 1.0), signal(attempt(1), 1.0)]
    with pytest.raises(InputError, match="lacks log-probs; expected those of the policy"):
        inputs_of(signals, loss_of())
    # one that teaches nothing, such as a failed one, need not be scored, and counts
    unscored = replace(signals[1], advantage=np.zeros(1, np.float32))
    assert run([signals[0], unscored], [-1, -1], loss_of())[:2] == (-0.5, [-0.5, 0])


# Presets, from rewards to the loss. Attempt a: reward 1, one token; attempt b: reward 0, three tokens.
# Ratios π/π_old: a 1.5 | b 1, 0.5, 4. Current log p: a −0.5 | b −1, −2, −3. log π − log π_ref: a log 2 | b 0, 0, 0.
# Before the update log π_old − log π_ref was a log 4/3 | b 0, log 2, −log 4.
# Sampler: π_old/μ is 2 for a and 4 for b as a whole.

LOG2 = math.log(2)
A = 0.5 / (math.sqrt(0.5) + 1e-6)  # rewards 1, 0: deviation 1/2 from the mean, standard deviation √½
K3 = 0.5 + LOG2 - 1  # of attempt a's token
R_KL, R_BASE = math.log(4 / 3), math.log(2) - math.log(4)  # summed k1 before the update: a, b
GATE_A = 4 / (1 + math.exp(-0.5))  # sapo of ratio 1.5 at temperature 1
GATES_B = [4 / 1.05 / (1 + math.exp(-1.05 * (r - 1))) for r in (1, 0.5, 4)]
OPENRLHF_B = [-math.sqrt(0.5) + 0.01 * LOG2, -math.sqrt(0.5) + 0.01 * LOG2, -math.sqrt(0.5) + 0.02 * LOG2]

EXPECTED = {
    # sequence mean; a is clipped at 1.2, b's 0.5 at 0.8; b's 4 is not clipped
    "deepseekmath_grpo": (-1.2 + (1 + 0.8 + 4) / 3) / 2 * A + 0.04 * K3 / 2,
    # sequence mean, as above
    "synergy_dilemma_rl": (-1.2 + (1 + 0.8 + 4) / 3) / 2 * A + 0.005 * K3 / 2,
    # token mean; at its initial coefficient, which the controller moves
    "vlaa_grpo": (-1.2 + 1 + 0.8 + 4) / 4 * 0.5 / (math.sqrt(0.5) + 1e-9) + 0.001 * K3 / 4,
    # token mean, upper clip 1.28; too short for the length penalty
    "dapo_paper": (-1.28 + 1 + 0.8 + 4) / 4 * A,
    # logs cut to ±0.4 against the sign of A, then averaged: 0.4 | (0 − 0.4 + log 4)/3
    "gmpo": (-math.exp(0.4) + math.exp((-0.4 + 2 * LOG2) / 3)) / 2 * A,
    "sapo": (-GATE_A + sum(GATES_B) / 3) / 2 * A,
    # geometric means 1.5 → 1.0025 and ∛2; summed over tokens, averaged over sequences
    "luspo": (-1.0025 + 3 * 2 ** (1 / 3)) / 2 * A,
    # −r·A·log p: a −1.5·(−0.5) = 0.75; b (1·−1 + 0.5·−2 + 4·−3) = −14
    "scalerl_cispo": (0.75 - 14) / 4 * A,
    "trl_grpo": (-1.2 + 1 + 0.8 + 4) / 4 * 0.5 / (math.sqrt(0.5) + 1e-4),
    # a weighs 2, b's 4 is beyond 3 and masked
    "trl_grpo_vllm": (-1.2 * 2) / 4 * 0.5 / (math.sqrt(0.5) + 1e-4),
    # KL is taken from the rewards; products 1.5 → 1.2 and 2
    "trl_rloo": (-1.2 + 2) / 2 * (1 - 0.05 * R_KL + 0.05 * R_BASE),
    # dual clip: b's 4 counts as 3
    "verl_grpo": (-1.2 + 1 + 0.8 + 3) / 4 * A,
    "verl_grpo_kl": (-1.2 + 1 + 0.8 + 3) / 4 * A + 0.001 * K3 / 4,
    "easyr1_grpo": (-1.3 + 1 + 0.8 + 3) / 4 * A + 0.01 * K3 / 4,
    # advantages lose β · the KL to come: b −log 2, −log 2, −log 4
    "openrlhf_grpo": (-1.2 * (math.sqrt(0.5) - 0.01 * R_KL) - OPENRLHF_B[0] - 0.8 * OPENRLHF_B[1] - 4 * OPENRLHF_B[2])
    / 4,
    # returns 0.997123 | 0.006931, 0.006931, 0.013863: mean 0.256212, standard deviation 0.493951
    "openrlhf_reinforce_pp": (-1.2 * 1.499967 + 0.504667 + 0.8 * 0.504667 + 4 * 0.490634) / 4,
    # all four tokens as demonstrations
    "llamafactory_sft": (0.5 + 1 + 2 + 3) / 4,
}


def preset_signals(config: AlgorithmConfig) -> list[TokenSignal]:
    state = initial_state(config.loss.kl)
    if isinstance(config, SftConfig):
        return annotate([group(demonstration(1), demonstration(3))], config, state)
    log = math.log
    a = attempt(
        1,
        1.0,
        policy_logprobs=[-0.5 - log(1.5)],
        reference_logprobs=[-0.5 - log(2)],
        sampler_logprobs=[-0.5 - log(1.5) - log(2)],
    )
    b = attempt(
        3,
        0.0,
        sample_index=1,
        policy_logprobs=[-1, -2 - log(0.5), -3 - log(4)],
        reference_logprobs=[-1, -2, -3],
        sampler_logprobs=[-1 - log(4), -2 - log(0.5), -3 - log(4)],
    )
    return annotate([group(a, b)], config, state)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_by_hand(name: str) -> None:
    config = preset(name)
    value = run(preset_signals(config), [-0.5, -1, -2, -3], config.loss, beta=config.loss.kl.coefficient)[0]
    assert value == pytest.approx(EXPECTED[name], rel=2e-6)


def test_algorithm_defaults_reach_the_loss() -> None:
    # Without KL: GRPO is DeepSeekMath's less its KL term.
    config = GrpoConfig()
    value = run(preset_signals(config), [-0.5, -1, -2, -3], config.loss)[0]
    assert value == pytest.approx(EXPECTED["deepseekmath_grpo"] - 0.04 * K3 / 2, rel=1e-6)
