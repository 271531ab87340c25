"""Arms for other frameworks: their own keys, our values, the same reward, and what is said not to be the same."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from synergy.cli import run
from synergy.config.reward import RewardConfig
from synergy.data.formats.registry import FORMATS
from synergy.exports.stages import arm_stages
from synergy.exports.write import NOT_THE_SAME, TARGETS, write_export
from synergy.grading.grade import grade
from synergy.grading.rewards.compute import Rewards, compute_rewards
from synergy.grading.rewards.plugin_file import load_function
from synergy.grading.rewards.plugins import open_function
from synergy.prompts import BOXED
from synergy.records import AnswerKind, Problem, Rollout, RolloutGroup, StopReason
from synergy.studies.load import load_study

STUDY = Path(__file__).parents[1] / "studies" / "pocket.yaml"
SMALL = ["scale=smoke", "stages.common.data.num_problems=6", "stages.rl.evaluation.num_problems=4"]

#: which keys the frameworks know, with the source in each file's first line
KEYS = Path(__file__).parent / "fixtures" / "peer_keys"
LORA = "stages.common.model.lora={rank: 4, alpha: 8, targets: [q_proj]}"


def _paths(values: dict[str, Any], before: str = "") -> set[str]:
    found: set[str] = set()
    for name, value in values.items():
        path = f"{before}{name}"
        is_leaf = not isinstance(value, dict) or path == "worker.rollout.val_override_config"
        found |= {path} if is_leaf else _paths(value, f"{path}.")
    return found


def _written(arm: str, to: str, out: Path, *overrides: str) -> Any:
    study = load_study(STUDY, [*SMALL, *overrides])
    stages = arm_stages(study, arm, seed=None, labels={}, folder=out / "none")
    return write_export(stages, TARGETS[to], out, {"template": "qwen2_vl"}, lambda what, done, num: None)


@pytest.mark.parametrize(
    ("arm", "to", "overrides"),
    [
        ("sft", "llamafactory", ()),
        ("sft", "llamafactory", (LORA, "stages.common.model.freeze=[]")),
        ("sft", "llamafactory", ("stages.common.model.rendering={max_pixels: 50176, min_pixels: 3136}",)),
        ("rl", "verl", ()),
        ("rl", "verl", (LORA, "stages.common.model.freeze=[]")),
        ("rl", "verl", ("stages.rl.algorithm={preset: vlaa_grpo}",)),
        ("rl", "verl", ("stages.rl.algorithm={preset: sapo}",)),
        ("rl", "verl", ("stages.rl.algorithm={name: dr_grpo}",)),
        ("rl", "verl", ("stages.rl.algorithm={name: dapo}",)),
        ("rl", "easyr1", ()),
        ("rl", "easyr1", (LORA, "stages.common.model.freeze=[]")),
        ("rl", "easyr1", ("stages.rl.algorithm={preset: vlaa_grpo}",)),
    ],
)
def test_every_key_is_the_frameworks_own(arm: str, to: str, overrides: tuple[str, ...], tmp_path: Path):
    (stage,) = _written(arm, to, tmp_path, *overrides)
    values = yaml.safe_load((tmp_path / stage / f"{to}.yaml").read_text())
    for name in ("hydra", "defaults"):
        values.pop(name, None)
    assert _paths(values) <= set((KEYS / f"{to}.txt").read_text().splitlines()[1:])


def test_the_first_studys_rl_in_verls_words(tmp_path: Path):
    _written("rl", "verl", tmp_path)
    values = yaml.safe_load((tmp_path / "rl" / "verl.yaml").read_text())
    actor = values["actor_rollout_ref"]["actor"]
    assert (actor["use_kl_loss"], actor["kl_loss_coef"], actor["kl_loss_type"]) == (True, 0.005, "low_var_kl")
    assert actor["loss_agg_mode"] == "seq-mean-token-mean"  # 1/G and 1/|o|
    assert (actor["clip_ratio_low"], actor["clip_ratio_high"]) == (0.2, 0.2)
    assert values["algorithm"]["norm_adv_by_std_in_grpo"] is True
    assert values["trainer"]["total_training_steps"] == 2
    train = pq.read_table(tmp_path / "rl" / "train.parquet").to_pylist()
    assert len(train) == 6
    assert len(pq.read_table(tmp_path / "rl" / "validation.parquet")) == 4
    assert train[0]["prompt"][0]["content"].startswith("<image>")
    assert train[0]["prompt"][0]["content"].endswith(str(BOXED.instruction))


def test_sft_goes_with_its_demonstrations(tmp_path: Path):
    _written("sft", "llamafactory", tmp_path)
    rows = json.loads((tmp_path / "sft" / "train.json").read_text(encoding="utf-8"))
    read = [FORMATS["llamafactory_sharegpt"].layout.read(row) for row in rows]
    assert len(read) == 6
    assert all(row is not None and row["trace"] for row in read)
    values = yaml.safe_load((tmp_path / "sft" / "llamafactory.yaml").read_text())
    assert values["max_steps"] == 2
    info = json.loads((tmp_path / "sft" / "dataset_info.json").read_text())
    assert values["dataset"] in info


def test_two_stages_find_each_other_in_one_folder(tmp_path: Path):
    _written("two_stage", "llamafactory", tmp_path)
    sft = yaml.safe_load((tmp_path / "sft" / "llamafactory.yaml").read_text())
    _written("two_stage", "easyr1", tmp_path)
    rl = yaml.safe_load((tmp_path / "two_stage_rl" / "easyr1.yaml").read_text())
    assert rl["worker"]["actor"]["model"]["model_path"] == sft["output_dir"] == "sft/model"
    said = (tmp_path / NOT_THE_SAME).read_text()
    assert "## Stage sft\n- sft: not for easyr1; export it with --to llamafactory" in said
    assert "put the model of stage sft there" in said
    assert "# What llamafactory does otherwise" in said, "of the other framework in the same folder"
    _written("two_stage", "easyr1", tmp_path)
    assert (tmp_path / NOT_THE_SAME).read_text() == said


@pytest.mark.parametrize(
    ("to", "override", "words"),
    [
        ("verl", "stages.rl.algorithm.loss.normaliser.kind=prompt_mean", "prompt_mean"),
        ("verl", "stages.rl.algorithm.loss.kl.estimator=k3_ratio", "k3_ratio"),
        ("easyr1", "stages.rl.algorithm.loss.kl.estimator=k3+", "k3+"),
        ("easyr1", "stages.rl.algorithm={name: dr_grpo}", "standard deviation"),
        ("verl", "stages.rl.algorithm.mask_truncated=true", "mask_truncated"),
        (
            "verl",
            "stages.rl.reward.overlong={max_tokens: 9, buffer_tokens: 3, weight: 1.0}",
            "reward.overlong: not in reward.py",
        ),
        ("verl", "stages.common.model.freeze=[vision]", "model.freeze [vision]"),
        ("verl", "stages.rl.optimizer.schedule=linear", "optimizer.schedule linear"),
        ("easyr1", "stages.rl.sampling.stop=[END]", "sampling.stop"),
    ],
)
def test_what_cannot_be_expressed_is_said(to: str, override: str, words: str, tmp_path: Path):
    before = (_written("rl", to, tmp_path / "a")["rl"]).differences
    after = (_written("rl", to, tmp_path / "b", override)["rl"]).differences
    assert not any(words in each for each in before)
    assert any(words in each for each in after)
    assert words in (tmp_path / "b" / NOT_THE_SAME).read_text()


# ---- the reward file does what our reward does

RIGHT, FORMATLESS = BOXED.response("Seven and 3.", "10"), "The answer is \\boxed{10}"
RESPONSES = (RIGHT, BOXED.response("Hm.", "11"), FORMATLESS, "no answer", BOXED.response("a", "10") + " \\boxed{9}")


def _loaded(out: Path) -> Any:
    return load_function(str(out / "rl" / "reward.py"), "compute_score")[0]


def _ours(reward: RewardConfig, problem: Problem) -> list[float | None]:
    rollouts = [
        Rollout(
            problem_id=problem.id,
            sample_index=index,
            token_ids=np.zeros(3, dtype=np.int64),
            text=text,
            stop_reason=StopReason.STOP,
            verdict=grade(problem, text, preset=BOXED),
        )
        for index, text in enumerate(RESPONSES)
    ]
    group = RolloutGroup(problem=problem, rollouts=tuple(rollouts))
    opened = Rewards(config=reward, functions=tuple(map(open_function, reward.functions)))
    (found,) = compute_rewards([group], opened, BOXED)
    return [rollout.reward for rollout in found.rollouts]


@pytest.mark.parametrize("gate", ["none", "answer", "format"])
@pytest.mark.parametrize("to", ["verl", "easyr1"])
def test_the_reward_file_gives_our_reward(to: str, gate: str, tmp_path: Path):
    weights = "stages.rl.reward={accuracy: 0.9, format: 0.1, gate: " + gate + "}"
    _written("rl", to, tmp_path, weights)
    ours = RewardConfig.model_validate({"accuracy": 0.9, "format": 0.1, "gate": gate})
    path = f"{tmp_path / 'rl' / 'reward.py'}:compute_score"
    theirs = RewardConfig.model_validate({"accuracy": 0.0, "functions": ({"path": path, "call": to},)})
    gold = json.dumps({"answer": "10", "answer_kind": "number", "choices": []})
    problem = Problem(id="p", question="?", answer="10", answer_kind=AnswerKind.NUMBER)
    expected = _ours(ours, problem)
    if to == "verl":
        assert _ours(theirs, problem) == pytest.approx(expected)
        return
    scores = _loaded(tmp_path)([{"response": text, "response_length": 3, "ground_truth": gold} for text in RESPONSES])
    assert [score["overall"] for score in scores] == pytest.approx(expected)


def test_gold_answers_in_the_exported_data_earn_everything(tmp_path: Path):
    _written("rl", "easyr1", tmp_path)
    rows = pq.read_table(tmp_path / "rl" / "train.parquet").to_pylist()
    inputs = [
        {"response": BOXED.response("So.", row["answer"]), "response_length": 9, "ground_truth": row["gold"]}
        for row in rows
    ]
    scores = _loaded(tmp_path)(inputs)
    assert [score["accuracy"] for score in scores] == [1.0] * 6
    assert [score["format"] for score in scores] == [1.0] * 6


# ---- the command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sft", "--to", "verl"], "verl trains by reinforcement, the arm has sft (sft); expected --to llamafactory"),
        (["rl", "--to", "llamafactory"], "expected --to verl or easyr1"),
        (["base", "--to", "verl"], "the arm has no training; expected an arm that trains"),
        (["interleaved", "--to", "verl"], "verl has no interleaved"),
        (["rl", "--to", "trl"], "unknown framework in --to 'trl'"),
        (["rll", "--to", "verl"], "did you mean 'rl'"),
        (["rl", "--to", "verl", "--seed", "9"], "--seed 9: expected one of the study's seeds"),
        (["rl", "--to", "verl", "--axis", "size=3b"], "unknown axis"),
        (["data_mixing", "--to", "llamafactory"], "run synergy study first"),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    settings = [part for each in SMALL for part in ("--set", each)]
    assert run(["export", str(STUDY), *arguments, *settings, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_is_not_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    settings = [part for each in SMALL for part in ("--set", each)]
    assert run(["export", str(STUDY), "rl", "--to", "verl", *settings, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "verl is not the same in" in said
    assert "the attempts: sampled by another engine" in said
    assert "python -m verl.trainer.main_ppo --config-path $PWD/rl --config-name verl" in said
