"""Interleaved and progressive by hand: who has failed, what each token teaches, denominators, schedule, settings."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attempts import attempt, demonstration, group
from training_runs import grpo_config

from synergy.algorithms.mixed_groups import has_failed
from synergy.algorithms.progressive import given_fraction, num_given_tokens
from synergy.algorithms.registry import annotate, needs
from synergy.algorithms.state import AlgorithmState, initial_state, next_state
from synergy.config.algorithm import AlgorithmConfig, GrpoConfig, preset
from synergy.config.base import Config
from synergy.config.load import load
from synergy.config.loss import LossConfig, NormaliserConfig
from synergy.config.mixing import GuidanceConfig, InterleavedConfig, ProgressiveConfig
from synergy.config.train import TrainConfig
from synergy.errors import InputError
from synergy.records import Rollout, RolloutGroup, TokenSignal, Verdict, VerdictStatus
from synergy.training.normalise import count_signals, term_weights
from synergy.training.optimizer import learning_rate

STATE = AlgorithmState(kl_coefficient=0.1)
ROOT = math.sqrt(0.5)  # advantages of a group of two that differ are ±√½
IN_LOSS = {"place": "loss", "coefficient": 0.1}


def tried(reward: float | None, status: str, num_tokens: int = 2, **fields: Any) -> Rollout:
    score = None if status == "unscored" else float(status == "correct")
    verdict = Verdict(status=VerdictStatus(status), score=score, extracted=None, rule="")
    return attempt(num_tokens, reward, verdict=verdict, **fields)


def solved() -> RolloutGroup:
    """One right, one wrong attempt of two tokens each."""
    return group(tried(1.0, "correct"), tried(0.0, "wrong"))


def unsolved(*more: Rollout) -> RolloutGroup:
    """Two wrong attempts, one of them well formed, and what is behind them."""
    attempts = [tried(reward, "wrong", problem_id="q") for reward in (0.1, 0.0)]
    return group(*attempts, *(replace(each, problem_id="q") for each in more), problem_id="q")


def guided_group() -> RolloutGroup:
    """Three tokens given, and two attempts that go on from them by two tokens."""
    guided = [tried(reward, status, 5, num_guided_tokens=3) for reward, status in ((1.0, "correct"), (0.0, "wrong"))]
    return unsolved(demonstration(3), *guided)


def terms(signal: TokenSignal) -> dict[str, list[float]]:
    return {
        name: [float(each) for each in getattr(signal, name)]
        for name in ("policy_gradient_weight", "advantage", "nll_weight", "kl_weight")
    }


def term(pg: float, advantage: float, nll: float, kl: float, num_tokens: int) -> dict[str, Any]:
    values = {"policy_gradient_weight": pg, "advantage": advantage, "nll_weight": nll, "kl_weight": kl}
    return {name: pytest.approx([value] * num_tokens, abs=1e-4) for name, value in values.items()}


def with_kl(config: InterleavedConfig | ProgressiveConfig) -> Any:
    values = config.model_dump()
    values["loss"]["kl"].update(IN_LOSS)
    return type(config).model_validate(values)


def test_interleaved_imitates_what_failed_and_leaves_its_attempts_out():
    found = annotate([solved(), unsolved(demonstration(3))], with_kl(InterleavedConfig()), STATE)
    assert [terms(each) for each in found] == [
        term(1, ROOT, 0, 1, 2),
        term(1, -ROOT, 0, 1, 2),
        term(0, 0, 0, 0, 2),
        term(0, 0, 0, 0, 2),
        term(0, 0, 1, 0, 3),
    ]


def test_interleaved_may_keep_attempts_that_failed():
    found = annotate([unsolved(demonstration(3))], InterleavedConfig(failed_attempts="kept"), STATE)
    assert [terms(each) for each in found] == [term(1, ROOT, 0, 0, 2), term(1, -ROOT, 0, 0, 2), term(0, 0, 1, 0, 3)]


def test_the_negative_control_imitates_all_and_has_the_same_policy_gradient():
    more = group(*solved().rollouts, demonstration(4), demonstration(1))
    found = annotate([more, unsolved(demonstration(3))], InterleavedConfig(sft_on="all"), STATE)
    assert [terms(each) for each in found[:4]] == [
        term(1, ROOT, 0, 0, 2),
        term(1, -ROOT, 0, 0, 2),
        term(0, 0, 1, 0, 4),
        term(0, 0, 1, 0, 1),
    ]
    assert [terms(each) for each in found[4:]] == [term(0, 0, 0, 0, 2), term(0, 0, 0, 0, 2), term(0, 0, 1, 0, 3)]


def test_interleaved_denominators_by_hand():
    # Two problems; five sequences, two of them in no term.
    config = InterleavedConfig()
    found = annotate([solved(), unsolved(demonstration(3))], config, STATE)
    weights = [term_weights(each, count_signals(found), config.loss) for each in found]
    assert list(weights[0].policy_gradient) == pytest.approx([1 / 5 / 2] * 2)
    assert list(weights[4].nll) == pytest.approx([1 / 2 / 3] * 3)
    own = LossConfig(nll=config.loss.nll.model_copy(update={"normaliser": NormaliserConfig()}))
    weights = [term_weights(each, count_signals(found), own) for each in found]
    assert list(weights[0].policy_gradient) == pytest.approx([1 / 4] * 2)
    assert list(weights[4].nll) == pytest.approx([1 / 3] * 3)


def test_progressive_imitates_the_beginning_once_and_compares_guided_attempts_with_each_other():
    found = annotate([solved(), guided_group()], with_kl(ProgressiveConfig()), STATE)
    assert [terms(each) for each in found[2:5]] == [
        term(1, ROOT, 0, 1, 2),  # for the format alone
        term(1, -ROOT, 0, 1, 2),
        term(0, 0, 1, 0, 3),
    ]
    for signal, advantage in zip(found[5:], (ROOT, -ROOT), strict=True):
        assert list(signal.policy_gradient_weight) == list(signal.kl_weight) == [0, 0, 0, 1, 1]
        assert list(signal.advantage) == pytest.approx([0, 0, 0, advantage, advantage], abs=1e-5)
        assert not signal.nll_weight.any()


def test_progressive_options():
    found = annotate([guided_group()], with_kl(ProgressiveConfig(failed_attempts="left_out")), STATE)
    assert [terms(each) for each in found[:2]] == [term(0, 0, 0, 0, 2)] * 2
    assert found[3].advantage.any()
    values = {**with_kl(ProgressiveConfig()).model_dump(), "kl_on_prefix": True}
    found = annotate([guided_group()], ProgressiveConfig.model_validate(values), STATE)
    assert terms(found[2]) == term(0, 0, 1, 1, 3)
    assert list(found[3].kl_weight) == [0, 0, 0, 1, 1]


def test_progressive_denominators_by_hand():
    # Seven sequences: two and two attempts, the beginning, two guided. Fifteen tokens: 4 + 4 + 3 + 2 + 2.
    config = ProgressiveConfig()
    assert config.loss.nll.coefficient == 0.2
    found = annotate([solved(), guided_group()], config, STATE)
    weights = [term_weights(each, count_signals(found), config.loss) for each in found]
    assert list(weights[5].policy_gradient) == pytest.approx([0, 0, 0, 1 / 14, 1 / 14])
    assert list(weights[4].nll) == pytest.approx([1 / 2 / 3] * 3)
    tokens = NormaliserConfig(denominator="joint")
    weight = term_weights(found[5], count_signals(found), LossConfig(normaliser=tokens))
    assert list(weight.policy_gradient) == pytest.approx([0, 0, 0, 1 / 15, 1 / 15])


def test_the_batch_deviation_is_of_what_is_compared():
    # Rewards 1, 0 of the solved problem; the failed one's 0.1, 0 are left out: deviation √½.
    config = InterleavedConfig(std="batch")
    found = annotate([solved(), unsolved(demonstration(3))], config, STATE)
    assert list(found[0].advantage) == pytest.approx([ROOT] * 2, abs=1e-5)


@pytest.mark.parametrize(
    ("statuses", "none_correct", "all_wrong"),
    [
        (("wrong", "wrong"), True, True),
        (("wrong", "correct"), False, False),
        (("wrong", "unscored"), True, False),
        (("unscored", "unscored"), True, False),
    ],
)
def test_who_has_failed(statuses: tuple[str, ...], none_correct: bool, all_wrong: bool):
    tries = group(*(tried(None, status) for status in statuses))
    assert has_failed(tries, InterleavedConfig()) == none_correct
    assert has_failed(tries, InterleavedConfig(failed="all_wrong")) == all_wrong


def test_a_guided_attempt_whose_sampler_failed_stays_guided():
    empty = attempt(0, None, problem_id="q")
    found = annotate([unsolved(demonstration(3), empty, *guided_group().rollouts[3:])], ProgressiveConfig(), STATE)
    assert [bool(each.advantage.any()) for each in found] == [True, True, False, False, True, True]


# The schedule


def fractions(**values: Any) -> list[float]:
    config = GuidanceConfig(**values)
    return [given_fraction(config, step=step, num_steps=8) for step in range(8)]


def test_the_schedule_by_hand():
    assert fractions() == pytest.approx([1, 1, 1, 0.75, 0.5, 0.25, 0, 0])
    half = ROOT / 2
    assert fractions(shape="cosine") == pytest.approx([1, 1, 1, 0.5 + half, 0.5, 0.5 - half, 0, 0])
    assert fractions(shape="stairs") == pytest.approx([1, 1, 0.75, 0.75, 0.5, 0.25, 0, 0])
    assert fractions(start=0.8, end=0.2) == pytest.approx([0.8, 0.8, 0.8, 0.65, 0.5, 0.35, 0.2, 0.2])
    assert fractions(start_until=0.5, end_from=0.5) == [1, 1, 1, 1, 0, 0, 0, 0]
    assert fractions(start=0.5, end=0.5, start_until=0.0, end_from=1.0) == [0.5] * 8


def test_tokens_that_are_given():
    assert [num_given_tokens(fraction, 10) for fraction in (1.0, 0.96, 0.94, 0.3, 0.04, 0.0)] == [10, 10, 9, 3, 0, 0]


# Settings


class Document(Config):
    """A run's config, as far as it matters here."""

    algorithm: AlgorithmConfig
    """the algorithm"""


def parse(tmp_path: Path, text: str) -> AlgorithmConfig:
    (tmp_path / "run.yaml").write_text(f"algorithm: {text}\n")
    return load(tmp_path / "run.yaml", Document).algorithm


def test_a_preset_of_grpo_may_be_mixed(tmp_path: Path):
    rl = preset("synergy_dilemma_rl")
    assert isinstance(rl, GrpoConfig)
    assert (rl.loss.kl.place, rl.loss.kl.coefficient, rl.loss.normaliser.kind) == ("loss", 0.005, "sequence_mean")
    for name, coefficient in (("interleaved", 1.0), ("progressive", 0.2)):
        found = parse(tmp_path, f"{{preset: synergy_dilemma_rl, name: {name}}}")
        assert found.name == name
        assert found.loss.kl == rl.loss.kl
        assert (found.loss.normaliser.kind, found.loss.normaliser.denominator) == ("sequence_mean", "joint")
        assert found.loss.nll.coefficient == coefficient
        assert (found.loss.nll.normaliser.kind, found.loss.nll.normaliser.denominator) == ("prompt_mean", "joint")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{name: interleaved, dynamic_sampling: {}}", "dynamic_sampling with interleaved; expected null"),
        ("{name: progressive, guidance: {start: 0.1, end: 0.2}}", "end 0.2 with start 0.1; expected end at most start"),
        ("{name: progressive, guidance: {start_until: 0.9}}", "end_from 0.75 with start_until 0.9; expected end_from"),
        ("{name: progressive, kl_on_prefix: true}", "kl_on_prefix with loss.kl.place none; expected place loss"),
        ("{name: progressive, num_guided: 1}", "'algorithm.num_guided' is 1"),
        ("{name: interleaved, sft_on: al}", r"'algorithm.sft_on' is 'al' \(did you mean 'all'\?\)"),
        ("{preset: dapo_paper, name: interleaved}", "name interleaved with preset dapo_paper, which is of dapo"),
    ],
)
def test_a_wrong_section_gets_one_clear_line(text: str, words: str, tmp_path: Path):
    with pytest.raises(InputError, match=words) as error:
        parse(tmp_path, text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["interleaved", "progressive"])
def test_the_example_config_is_of_the_studys_rl(name: str):
    config = load(Path(__file__).parents[1] / f"examples/configs/pocket_{name}.yaml", TrainConfig)
    assert config.algorithm.name == name
    assert config.algorithm.loss.kl == preset("synergy_dilemma_rl").loss.kl
    assert not config.imitates


def test_what_mixed_runs_need():
    for config in (InterleavedConfig(), ProgressiveConfig()):
        assert config.needs_demonstrations
        assert config.min_group_size == 2
        assert not needs(config, updates_per_sampling=1).policy_logprobs
        assert needs(config, updates_per_sampling=2).policy_logprobs
        assert needs(with_kl(config), updates_per_sampling=1).reference_logprobs


def test_the_second_studys_run_can_be_said(tmp_path: Path):
    """2504.11468, sections 4.3 and C.1: 512 prompts, 4 attempts at T = 0.8, 8 updates, 49 steps; KL2 on LR2."""
    values = grpo_config(
        tmp_path,
        prompt="answer_tags",
        sampling={"temperature": 0.8, "stop": []},
        optimizer={
            "learning_rate": 1e-6,
            "schedule": "cosine",
            "warmup_fraction": 0.03,
            "final_lr_fraction": 0.5,  # min lr 5e-7
        },
        train={"num_steps": 49, "problems_per_step": 512, "samples_per_problem": 4, "updates_per_sampling": 8},
    )
    values["algorithm"] = {"preset": "vlaa_grpo"}
    config = TrainConfig.model_validate_json(json.dumps(values))
    kl = config.algorithm.loss.kl
    # 2048 attempts a step: far off, the coefficient moves by 0.2 · 2048 / 10000; at the target it stays.
    state = initial_state(kl)
    assert state.kl_coefficient == 1e-3
    assert next_state(state, kl, mean_kl=1.0, num_rollouts=2048).kl_coefficient == pytest.approx(1e-3 * 1.04096)
    assert next_state(state, kl, mean_kl=0.0, num_rollouts=2048).kl_coefficient == pytest.approx(1e-3 * 0.95904)
    assert next_state(state, kl, mean_kl=5e-4, num_rollouts=2048).kl_coefficient == 1e-3
    assert next_state(state, kl, mean_kl=5.5e-4, num_rollouts=2048).kl_coefficient == pytest.approx(1e-3 * 1.02048)
    for _ in range(49):
        state = next_state(state, kl, mean_kl=1.0, num_rollouts=2048)
    assert state.kl_coefficient == pytest.approx(7.1e-3, rel=0.02)
    num = 49 * 8
    rates = [learning_rate(config.optimizer, number, num) for number in range(num)]
    assert max(rates) == pytest.approx(1e-6)
    assert rates[-1] == pytest.approx(5e-7, rel=1e-3)
    assert rates.index(max(rates)) == pytest.approx(0.03 * num, abs=1)


def test_signals_have_arrays_of_their_responses_length():
    for each in annotate([solved(), guided_group()], ProgressiveConfig(), STATE):
        assert all(len(values) == len(each.rollout.token_ids) for values in terms(each).values())
        assert each.nll_weight.dtype == np.float32
