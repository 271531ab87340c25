"""Steps that mix attempts and demonstrations: sources, trees with a shared beginning, gradients, whole small runs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attempts import attempt, demonstration
from training_cases import make_case, relative_difference
from training_runs import grpo_config, metric_lines, write_config

from synergy.cli import run
from synergy.config.data import PocketDataConfig
from synergy.config.mixing import GuidanceConfig, InterleavedConfig, ProgressiveConfig
from synergy.config.model import ModelConfig
from synergy.config.reward import RewardConfig
from synergy.data.load import open_data
from synergy.data.order import ProblemOrder
from synergy.models.loading import LoadedModel, load_model
from synergy.models.trees import Tree
from synergy.pocket.world import items
from synergy.prompts import BOXED
from synergy.records import Purpose, Rollout, RolloutGroup, SampleRequest, StopReason, TokenSignal
from synergy.training.attempts import Attempts
from synergy.training.draw import Drawer
from synergy.training.guided import ProgressiveSource
from synergy.training.interleaved import InterleavedSource
from synergy.training.metrics import summarise
from synergy.training.processes import Processes
from synergy.training.response_trees import signal_trees
from synergy.training.rewards import open_rewards
from synergy.training.scoring import ScoreSettings, score
from synergy.training.trained_policy import TrainedPolicy


@pytest.fixture(scope="module")
def loaded(untrained: Path) -> LoadedModel:
    return load_model(ModelConfig(checkpoint=str(untrained)))


# Sources


class ScriptedSampler:
    """Answers right or wrong as told, the coming requests' shares of right answers one by one."""

    def __init__(self, shares: Sequence[float]) -> None:
        self.shares = list(shares)
        self.asked: list[SampleRequest] = []

    def update_weights(self) -> None:
        pass

    def sample(self, requests: Sequence[SampleRequest], *, purpose: Purpose, **_: Any) -> list[RolloutGroup]:
        assert purpose is Purpose.TRAIN
        self.asked += requests
        return [self._group(request, self.shares.pop(0)) for request in requests]

    def _group(self, request: SampleRequest, share: float) -> RolloutGroup:
        prefix = np.zeros(0, dtype=np.int64) if request.prefix is None else request.prefix
        rollouts = []
        for index in range(request.num_samples):
            answer = request.problem.answer if index < share * request.num_samples else "none"
            rollouts.append(
                Rollout(
                    problem_id=request.problem.id,
                    sample_index=index,
                    token_ids=np.concatenate([prefix, np.arange(10, 12 + index)]),
                    text=BOXED.response("I think.", answer),
                    stop_reason=StopReason.STOP,
                    num_guided_tokens=len(prefix),
                )
            )
        return RolloutGroup(problem=request.problem, rollouts=tuple(rollouts))


def _parts(loaded: LoadedModel, shares: Sequence[float]) -> tuple[Drawer, Attempts, ScriptedSampler]:
    examples = open_data(PocketDataConfig(source="pocket", num_problems=10))
    drawer = Drawer(examples, ProblemOrder(len(examples), 0), loaded.renderer, BOXED, Processes())
    sampler = ScriptedSampler(shares)
    attempts = Attempts(sampler=sampler, preset=BOXED, rewards=open_rewards(RewardConfig()), num_samples=2)
    return drawer, attempts, sampler


@pytest.mark.parametrize("sft_on", ["failed", "all"])
def test_interleaved_brings_demonstrations(sft_on: Any, loaded: LoadedModel):
    drawer, attempts, _ = _parts(loaded, [0.5, 0.0, 1.0])
    source = InterleavedSource(drawer, attempts, loaded.renderer, InterleavedConfig(sft_on=sft_on))
    found = source.collect(3)
    shape = [[rollout.is_demonstration for rollout in each.group.rollouts] for each in found.groups]
    plain, more = [False, False], [False, False, True]
    assert shape == ([plain, more, plain] if sft_on == "failed" else [more, more, more])
    metrics = summarise(found.metrics)
    assert metrics["mix/failed_fraction"] == pytest.approx(1 / 3)
    assert metrics["mix/sft_problem_fraction"] == pytest.approx(1 / 3 if sft_on == "failed" else 1)
    assert metrics["score/accuracy"] == pytest.approx(0.5)
    assert metrics["sampling/num_attempts"] == 6
    assert metrics["response/length_tokens"] == pytest.approx(2.5)  # demonstrations are no attempts


def test_progressive_goes_from_the_whole_trace_to_none(loaded: LoadedModel):
    config = ProgressiveConfig(num_guided=3, guidance=GuidanceConfig(start_until=0.2, end_from=0.6))
    drawer, attempts, sampler = _parts(loaded, [0.0, 0.5, 0.0, 0.0, 2 / 3, 1.0, 0.0, 0.0])
    source = ProgressiveSource(drawer, attempts, loaded.renderer, config, num_steps=5)
    first = source.collect(2, step=0)  # the whole trace of the first problem: nothing more is sampled
    assert [len(each.group.rollouts) for each in first.groups] == [3, 2]
    whole = first.groups[0].group.rollouts[2]
    assert whole.is_demonstration
    assert whole.token_ids[-1] == loaded.renderer.end_token_id
    assert len(sampler.asked) == 2
    metrics = summarise(first.metrics)
    assert (metrics["mix/prefix_fraction"], metrics["mix/scheduled_fraction"]) == (1, 1)
    assert metrics["mix/sft_problem_fraction"] == 0.5
    assert "mix/guided_correct_fraction" not in metrics

    second = source.collect(2, step=2)  # half of it
    assert [len(each.group.rollouts) for each in second.groups] == [6, 6]
    for each, request, plain in zip(second.groups, sampler.asked[4:], sampler.asked[2:4], strict=True):
        beginning, *guided = each.group.rollouts[2:]
        examples = source.drawer.examples
        example = examples[list(examples.ids).index(request.problem.id)]
        text = BOXED.response(example.demonstrations[0].trace, example.demonstrations[0].answer)
        ids = loaded.renderer.response(request.problem.id, text).numpy()
        num_given = len(beginning.token_ids)
        assert num_given == pytest.approx(len(ids) / 2, abs=0.5)
        assert np.array_equal(beginning.token_ids, ids[:num_given])
        assert beginning.is_demonstration
        assert text.startswith(beginning.text)
        assert request.num_samples == len(guided) == 3
        assert request.prefix is not None
        assert np.array_equal(request.prefix, beginning.token_ids)
        assert (request.visit, request.problem.id) == (plain.visit, plain.problem.id)
        assert all(rollout.num_guided_tokens == num_given for rollout in guided)
        assert all(rollout.reward is not None for rollout in guided)
    metrics = summarise(second.metrics)
    assert metrics["mix/prefix_fraction"] == pytest.approx(0.5, abs=0.01)
    assert metrics["mix/guided_correct_fraction"] == pytest.approx(5 / 6)
    assert metrics["mix/guided_signal_fraction"] == 0.5
    assert metrics["mix/guided_length_tokens"] == 3
    assert metrics["score/accuracy"] == 0
    assert (metrics["sampling/num_attempts"], metrics["sampling/generated_tokens"]) == (10, 10 + 18)

    third = source.collect(2, step=4)  # plain RL
    assert [len(each.group.rollouts) for each in third.groups] == [2, 2]
    metrics = summarise(third.metrics)
    assert (metrics["mix/failed_fraction"], metrics["mix/sft_problem_fraction"]) == (1, 0)
    assert metrics["mix/scheduled_fraction"] == 0


# Trees


def _guided_signals() -> list[TokenSignal]:
    """An attempt, three given tokens, and two attempts that go on from them by 2 and 4."""
    rollouts = [attempt(5, 1.0), demonstration(3), *(attempt(3 + n, 1.0, num_guided_tokens=3) for n in (2, 4))]
    signals = []
    for rollout in rollouts:
        sampled = (np.arange(len(rollout.token_ids)) >= rollout.num_guided_tokens).astype(np.float32)
        signals.append(
            TokenSignal(
                rollout=rollout,
                policy_gradient_weight=sampled,
                advantage=sampled * 2,
                nll_weight=np.full_like(sampled, rollout.is_demonstration),
                kl_weight=sampled,
            )
        )
    return signals


def _shape(tree: Tree) -> list[tuple[int, int | None, bool]]:
    return [(len(branch.token_ids), branch.parent, branch.scored) for branch in tree.branches]


def test_a_shared_beginning_is_one_branch(loaded: LoadedModel):
    prompt = loaded.renderer.render(items("train", 1)[0].problem(), BOXED)
    signals = _guided_signals()
    (whole,) = signal_trees(prompt, signals, max_tokens=10_000)
    assert _shape(whole.tree) == [(5, None, True), (3, None, True), (2, 1, True), (4, 1, True)]
    assert [len(signal.advantage) for signal in whole.signals] == [5, 3, 2, 4]
    assert [signal.advantage.tolist() for signal in whole.signals[2:]] == [[2, 2], [2, 2, 2, 2]]
    parts = signal_trees(prompt, signals, max_tokens=prompt.num_tokens + 8)
    assert [_shape(part.tree) for part in parts] == [
        [(5, None, True), (3, None, True)],
        [(3, None, False), (2, 0, True)],
        [(3, None, False), (4, 0, True)],
    ]
    (alone,) = signal_trees(prompt, signals[2:], max_tokens=10_000)  # each brings it along
    assert _shape(alone.tree) == [(5, None, True), (7, None, True)]


def test_scores_of_a_shared_beginning_are_those_of_whole_responses(loaded: LoadedModel):
    item = items("train", 1)[0]
    problem, prompt = item.problem(), loaded.renderer.render(item.problem(), BOXED)
    group = RolloutGroup(problem=problem, rollouts=tuple(signal.rollout for signal in _guided_signals()))
    policy = TrainedPolicy(loaded, Processes())
    settings = ScoreSettings(temperature=1.0, max_tokens_per_tree=10_000, max_tokens_per_micro_batch=10_000)
    (shared,) = score(policy, [group], {problem.id: prompt}, "reference_logprobs", settings)
    for rollout, found in zip(group.rollouts, shared.rollouts, strict=True):
        alone = replace(group, rollouts=(rollout,))
        ((expected,),) = [
            each.rollouts for each in score(policy, [alone], {problem.id: prompt}, "reference_logprobs", settings)
        ]
        start = 0 if rollout.is_demonstration else rollout.num_guided_tokens
        assert found.reference_logprobs is not None
        assert expected.reference_logprobs is not None
        assert np.isnan(found.reference_logprobs[:start]).all()
        assert found.reference_logprobs[start:] == pytest.approx(expected.reference_logprobs[start:], abs=1e-5)


# Gradients


def test_a_mixed_step_is_the_sum_of_an_sft_and_an_rl_step(weights: Path):
    """Problems 0 to 2 of eight are imitated, by 1, 2 and 1 demonstrations; five problems have four attempts each."""
    mixed = make_case("mix", "float64", weights)
    loss = InterleavedConfig().loss
    mixed = replace(mixed, settings=replace(mixed.settings, loss=loss))
    own = loss.model_copy(
        update={
            "normaliser": loss.normaliser.model_copy(update={"denominator": "own"}),
            "nll": loss.nll.model_copy(
                update={"normaliser": loss.nll.normaliser.model_copy(update={"denominator": "own"})}
            ),
        }
    )
    settings = replace(mixed.settings, loss=own)
    sft = replace(mixed, problems=mixed.problems[:3], settings=settings)
    rl = replace(mixed, problems=mixed.problems[3:], settings=settings)
    assert (len(sft.signals), len(rl.signals)) == (4, 20)
    whole, of_sft, of_rl = (case.gradient(case.trees()) for case in (mixed, sft, rl))
    summed = {name: 3 / 8 * of_sft[name] + 20 / 24 * of_rl[name] for name in whole}
    assert relative_difference(summed, whole) <= 1e-8
    assert all(float(torch.stack([part.abs().sum() for part in each.values()]).sum()) > 0 for each in (of_sft, of_rl))


# Runs


def _config(name: str, checkpoint: Path, **algorithm: Any) -> dict[str, Any]:
    config = grpo_config(
        checkpoint,
        data={"trace": "short"},
        sampling={"max_tokens": 60},
        train={"num_steps": 2, "problems_per_step": 4, "samples_per_problem": 2, "updates_per_sampling": 2},
        optimizer={"learning_rate": 1e-5},
    )
    config["algorithm"] = {"name": name, "loss": {"kl": {"place": "loss", "coefficient": 0.1}}, **algorithm}
    config["sampling"].pop("stop")
    return config


@pytest.mark.parametrize("name", ["interleaved", "progressive"])
def test_a_pocket_run_reports_its_mix(name: str, weights: Path, tmp_path: Path):
    more = {"num_guided": 2, "guidance": {"start_until": 0.0, "end_from": 1.0, "start": 0.6}}
    config = _config(name, weights, **(more if name == "progressive" else {}))
    config["data"]["levels"] = [5]
    assert run(["train", str(write_config(tmp_path, config)), "--out", str(tmp_path / "out")]) == 0
    lines = metric_lines(tmp_path / "out")
    assert len(lines) == 2
    for line in lines:
        assert 0 < line["mix/failed_fraction"] <= 1
        assert line["mix/sft_problem_fraction"] == line["mix/failed_fraction"]
        assert line["mix/sft_loss"] == line["nll/value"] > 0
        assert line["loss/nll"] > 0
    if name == "progressive":
        assert [line["mix/scheduled_fraction"] for line in lines] == pytest.approx([0.6, 0.3])
        assert [line["mix/prefix_fraction"] for line in lines] == pytest.approx([0.6, 0.3], abs=0.02)
        assert all(0 <= line["mix/guided_correct_fraction"] <= 1 for line in lines)
        assert all(line["sampling/num_attempts"] > 8 for line in lines)


def test_data_without_demonstrations_are_refused(tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "a", "question": "1+1?", "answer": "2", "answer_kind": "integer", "trace": ""}\n')
    config = _config("interleaved", weights)
    for column, words in ((None, "the data have none"), ("trace", "problem 1 ('a'): column trace is ''")):
        config["data"] = {"source": "file", "path": str(rows), "trace_column": column}
        assert run(["train", str(write_config(tmp_path, config)), "--out", str(tmp_path / "out")]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert words in error
