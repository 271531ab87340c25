"""Value and gradient equal those of TRL 1.16's own loss code on the same tensors, for every loss that both have.

TRL's methods run on a stand-in for the trainer that hands them log-probs and options; none is re-written here.
"""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from attempts import attempt, demonstration, group
from torch import Tensor
from trl import GRPOConfig, GRPOTrainer, RLOOTrainer, SFTTrainer

from synergy.algorithms.registry import annotate
from synergy.algorithms.state import initial_state
from synergy.config.algorithm import AlgorithmConfig, DftConfig, SftConfig, preset
from synergy.config.loss import LossConfig
from synergy.records import TokenSignal
from synergy.training.inputs import loss_inputs
from synergy.training.losses import step_loss
from synergy.training.normalise import count_signals

LENGTHS = [3, 7, 1, 5, 6, 2]  # two problems of three attempts
LONGEST = max(LENGTHS)
MASK = torch.arange(LONGEST) < torch.tensor(LENGTHS)[:, None]
ADVANTAGES = [1.2, -0.7, 0.4, -1.5, 0.0, 0.9]


def padded(seed: int, spread: float) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    # float32 is what rollouts carry; values of it, so that both sides see the same numbers
    return (-1.5 + spread * torch.randn(len(LENGTHS), LONGEST, generator=generator)).float().double()


CURRENT, OLD, REFERENCE, SAMPLER = padded(0, 0.5), padded(1, 0.5), padded(2, 0.5), padded(3, 0.3)
OLD = (CURRENT + 0.4 * (OLD + 1.5)).float().double()
SAMPLER = (OLD + 0.4 * (SAMPLER + 1.5)).float().double()


def entropy_of(current: Tensor) -> Tensor:
    """Some differentiable stand-in."""
    return -current * current.exp()


class Accelerator:
    """One process."""

    num_processes = 1
    sync_gradients = True

    def gather(self, values: Tensor) -> Tensor:
        return values

    gather_for_metrics = gather

    def reduce(self, values: Tensor, reduction: str) -> Tensor:
        return values

    def pad_across_processes(self, values: Tensor, **_: Any) -> Tensor:
        return values


def trl_grpo(current: Tensor, **options: Any) -> Tensor:
    """The loss of `GRPOTrainer` under these options of its config, with one step per generation."""
    args = SimpleNamespace(
        **{name: field.default for name, field in GRPOConfig.__dataclass_fields__.items()}
        | {"steps_per_generation": 1, "beta": 0.0}
        | options
    )
    trainer: Any = SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (current, entropy_of(current), None),
        get_off_policy_mask=GRPOTrainer.get_off_policy_mask,
        accelerator=Accelerator(),
        args=args,
        model=SimpleNamespace(training=True),
        aux_loss_enabled=False,
        current_gradient_accumulation_steps=1,
        epsilon_low=args.epsilon,
        epsilon_high=args.epsilon if args.epsilon_high is None else args.epsilon_high,
        max_completion_length=20,
        vllm_importance_sampling_correction=options.get("use_vllm", False),
        _entropy_bonus_enabled=args.entropy_coef != 0,
        _metrics=defaultdict(lambda: defaultdict(list)),
        **{
            name: getattr(args, name)
            for name in (
                "beta",
                "entropy_coef",
                "importance_sampling_level",
                "loss_type",
                "off_policy_mask_threshold",
                "top_entropy_quantile",
                "use_adaptive_entropy",
                "use_vllm",
            )
        },
    )
    nothing = torch.zeros(len(LENGTHS), 0, dtype=torch.long)
    inputs = {
        "prompt_ids": nothing,
        "prompt_mask": nothing,
        "completion_ids": torch.zeros_like(MASK, dtype=torch.long),
        "completion_mask": MASK.long(),
        "advantages": torch.tensor(ADVANTAGES).double(),
        "old_per_token_logps": OLD,
        "ref_per_token_logps": REFERENCE,
        "num_items_in_batch": MASK.sum(),
    }
    if args.use_vllm:
        inputs |= {"sampling_per_token_logps": SAMPLER, "importance_sampling_ratio": options["ratio"]}
    return GRPOTrainer._compute_loss(trainer, None, inputs)


def signals(*, with_sampler: bool = False) -> list[TokenSignal]:
    found = []
    for i, n in enumerate(LENGTHS):
        rollout = attempt(
            n,
            problem_id=str(i // 3),
            policy_logprobs=OLD[i, :n].tolist(),
            reference_logprobs=REFERENCE[i, :n].tolist(),
            sampler_logprobs=SAMPLER[i, :n].tolist() if with_sampler else None,
        )
        ones = np.ones(n, np.float32)
        found.append(
            TokenSignal(
                rollout=rollout,
                policy_gradient_weight=ones,
                advantage=ones * np.float32(ADVANTAGES[i]),
                nll_weight=ones * 0,
                kl_weight=ones,
            )
        )
    return found


def ours(found: list[TokenSignal], loss: LossConfig, current: Tensor) -> Tensor:
    """Our loss of a whole step; `current` is padded, as TRL's."""
    inputs = loss_inputs(
        found, count_signals(found), loss, device=torch.device("cpu"), dtype=torch.float64, response_limit_tokens=20
    )
    return step_loss(current[MASK], entropy_of(current)[MASK], inputs, loss, kl_coefficient=loss.kl.coefficient).loss


def check(our_loss: Any, their_loss: Any) -> None:
    """Equal value and equal gradient, neither of them 0."""
    results = []
    for function in (our_loss, their_loss):
        current = CURRENT.clone().requires_grad_()
        loss = function(current)
        (gradient,) = torch.autograd.grad(loss, current)
        results.append((loss.item(), gradient))
    (value, gradient), (their_value, their_gradient) = results
    assert value == pytest.approx(their_value, rel=1e-6)
    assert float((gradient - their_gradient).norm() / their_gradient.norm()) < 1e-6
    assert their_value != 0


TOKEN_MEAN, SEQUENCE_MEAN = {"kind": "token_mean"}, {"kind": "sequence_mean"}
KL = {"place": "loss", "coefficient": 0.1}


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({"loss_type": "grpo"}, {"normaliser": SEQUENCE_MEAN}),
        ({"loss_type": "dapo", "epsilon_high": 0.28}, {"normaliser": TOKEN_MEAN, "clip_high": 0.28}),
        # over one micro-batch bnpo's local mean is the mean
        ({"loss_type": "bnpo"}, {"normaliser": TOKEN_MEAN}),
        ({"loss_type": "dr_grpo"}, {"normaliser": {"kind": "fixed_length"}}),
        # the ε_high of TRL's CISPO is an absolute bound: 1.3 there is 0.3 here
        ({"loss_type": "cispo", "epsilon_high": 1.3}, {"form": "cispo", "clip_low": None, "clip_high": 0.3}),
        ({"loss_type": "sapo"}, {"form": "sapo", "normaliser": SEQUENCE_MEAN}),
        (
            {"loss_type": "grpo", "importance_sampling_level": "sequence", "epsilon": 0.05, "epsilon_high": 0.1},
            {"ratio_level": "sequence", "clip_low": 0.05, "clip_high": 0.1, "normaliser": SEQUENCE_MEAN},
        ),
        (
            {"loss_type": "luspo", "importance_sampling_level": "sequence"},
            {"ratio_level": "sequence", "normaliser": {"kind": "fixed_length", "length_tokens": 1}},
        ),
        # INTELLECT-2's two-sided δ is the constant of dual-clip PPO
        ({"loss_type": "dapo", "delta": 1.3}, {"clip_dual": 1.3}),
        ({"loss_type": "dapo", "off_policy_mask_threshold": 0.02}, {"stale_threshold": 0.02}),
        (
            {"loss_type": "dapo", "beta": 0.1, "use_bias_correction_kl": False},
            {"kl": KL | {"estimator": "k3"}},
        ),
        ({"loss_type": "grpo", "beta": 0.1}, {"kl": KL | {"estimator": "k3_ratio"}, "normaliser": SEQUENCE_MEAN}),
        (
            {"loss_type": "grpo", "entropy_coef": 0.3},
            {"entropy": {"coefficient": 0.3, "normaliser": TOKEN_MEAN}, "normaliser": SEQUENCE_MEAN},
        ),
    ],
)
def test_grpo_losses(options: dict[str, Any], fields: dict[str, Any]) -> None:
    loss = LossConfig.model_validate(fields)
    check(lambda current: ours(signals(), loss, current), lambda current: trl_grpo(current, **options))


def test_a_larger_clip_than_trls_is_seen() -> None:
    """The comparison can fail: the ratios reach beyond the bounds."""
    loss = LossConfig.model_validate({"clip_high": 0.3})
    with pytest.raises(AssertionError):
        check(lambda current: ours(signals(), loss, current), lambda current: trl_grpo(current, loss_type="dapo"))


@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("mode", ["truncate", "mask"])
def test_mismatch_corrections(mode: str, level: str) -> None:
    low, high = 0.9, 1.2
    loss = LossConfig.model_validate({"mismatch": {"mode": mode, "level": level, "low": low, "high": high}})
    # as in `_generate_and_score_completions`, which computes it before the loss
    difference = (OLD - SAMPLER) * MASK
    ratio = (difference.sum(-1, keepdim=True) if level == "sequence" else difference).exp()
    outside = (ratio < low) | (ratio > high)
    ratio = ratio.clamp(low, high) if mode == "truncate" else ratio.masked_fill(outside, 0)
    assert 0 < outside.double().mean() < 1
    check(
        lambda current: ours(signals(with_sampler=True), loss, current),
        lambda current: trl_grpo(current, loss_type="dapo", use_vllm=True, ratio=ratio),
    )


def test_stale_sequences_are_judged_by_the_sampler_where_it_is_known() -> None:
    loss = LossConfig.model_validate({"stale_threshold": 0.1})
    options = {"loss_type": "dapo", "use_vllm": True, "off_policy_mask_threshold": 0.1}
    ones = torch.ones_like(OLD)
    check(
        lambda current: ours(signals(with_sampler=True), loss, current),
        lambda current: trl_grpo(current, ratio=ones, **options),
    )
    # and by the policy before the update it would be judged otherwise
    assert ours(signals(), loss, CURRENT).item() != pytest.approx(trl_grpo(CURRENT, ratio=ones, **options).item())


def test_advantages_are_trls() -> None:
    # The lines of `_generate_and_score_completions` for scale_rewards group and batch.
    rewards = torch.tensor([[1.0, 0.0, 0.5], [3.0, 0.0, 0.0]])
    centred = rewards - rewards.mean(1, keepdim=True)
    groups = [group(*(attempt(1, float(reward)) for reward in row)) for row in rewards]
    for std, spread in (("group", rewards.std(1, keepdim=True)), ("batch", rewards.std())):
        config = preset("trl_grpo").model_copy(update={"std": std})
        found = [float(each.advantage[0]) for each in annotate(groups, config, initial_state(config.loss.kl))]
        assert found == pytest.approx((centred / (spread + 1e-4)).flatten().tolist(), rel=1e-5)


def test_rloo() -> None:
    trainer: Any = SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (trainer.current, entropy_of(trainer.current), None),
        accelerator=Accelerator(),
        model=SimpleNamespace(training=True),
        aux_loss_enabled=False,
        epsilon_low=0.2,
        epsilon_high=0.2,
        _metrics=defaultdict(lambda: defaultdict(list)),
    )
    nothing = torch.zeros(len(LENGTHS), 0, dtype=torch.long)
    inputs = {
        "prompt_ids": nothing,
        "prompt_mask": nothing,
        "completion_ids": torch.zeros_like(MASK, dtype=torch.long),
        "completion_mask": MASK.long(),
        "advantages": torch.tensor(ADVANTAGES).double(),
        "old_logps": (OLD * MASK).sum(1),
    }

    def theirs(current: Tensor) -> Tensor:
        trainer.current = current
        return RLOOTrainer._compute_loss(trainer, None, inputs)

    loss = preset("trl_rloo").loss.model_copy(update={"kl": LossConfig().kl})
    check(lambda current: ours(signals(), loss, current), theirs)


@pytest.mark.parametrize(("loss_type", "config"), [("nll", SftConfig()), ("dft", DftConfig())])
def test_sft_and_dft(loss_type: str, config: AlgorithmConfig) -> None:
    def model(**_: Any) -> SimpleNamespace:
        masked = torch.where(MASK, trainer.current, 0.0)
        return SimpleNamespace(log_probs=masked, label_mask=MASK, entropy=-masked, is_top1=MASK)

    trainer: Any = SimpleNamespace(
        accelerator=SimpleNamespace(parallelism_config=None, num_processes=1, gather_for_metrics=lambda values: values),
        args=SimpleNamespace(loss_type=loss_type, average_tokens_across_devices=False, max_length=None),
        model=SimpleNamespace(training=True),
        aux_loss_enabled=False,
        compute_loss_func=None,
        label_smoother=None,
        _metrics=defaultdict(lambda: defaultdict(list)),
        _total_train_tokens=0,
        _tp_size=1,
    )

    def theirs(current: Tensor) -> Tensor:
        trainer.current = current
        # the second half of an accumulated step, so the mean is over all 50 of its tokens
        inputs: Any = {"attention_mask": MASK.long()}
        found: Any = SFTTrainer.compute_loss(trainer, model, inputs, num_items_in_batch=torch.tensor(50))
        return found

    groups = [group(*(demonstration(n) for n in LENGTHS))]
    rest = group(demonstration(50 - sum(LENGTHS)))
    state = initial_state(config.loss.kl)
    here = annotate(groups, config, state)
    counts = count_signals(annotate([*groups, rest], config, state))
    inputs = loss_inputs(here, counts, config.loss, device=torch.device("cpu"), dtype=torch.float64)
    check(
        lambda current: step_loss(current[MASK], None, inputs, config.loss, kl_coefficient=0.0).loss,
        theirs,
    )
