"""Runs over several processes: the same result, whether the model is replicated or sharded."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from training_cases import relative_difference
from training_runs import grpo_config, launch, metric_lines, write_config

from synergy.cli import run

#: numbers of a step that must not depend on how many processes took it
STEP_KEYS = ("reward/mean", "response/length_tokens", "sampling/entropy", "kl/value", "gradient/norm", "tokens/trained")


@pytest.mark.parametrize("parallel", ["replicated", pytest.param("sharded", marks=pytest.mark.slow)])
def test_two_processes_train_what_one_does(parallel: str, untrained: Path, tmp_path: Path):
    _assert_two_are_as_one(parallel, untrained, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["replicated", "sharded"])
@pytest.mark.parametrize(
    "model",
    [
        {"lora": {"rank": 2, "alpha": 4.0}},
        {"freeze": ["vision", "projector"], "feature_cache_bytes": 1 << 24},
        {"gradient_checkpointing": True},
    ],
    ids=["lora", "frozen", "recomputed"],
)
def test_two_processes_train_what_one_does_of_parts(
    parallel: str, model: dict[str, Any], untrained: Path, tmp_path: Path
):
    if "lora" in model:
        pytest.importorskip("peft")
    _assert_two_are_as_one(parallel, untrained, tmp_path, model=model)


def _assert_two_are_as_one(parallel: str, untrained: Path, tmp_path: Path, **sections: Any) -> None:
    config = write_config(
        tmp_path,
        grpo_config(
            untrained,
            algorithm={"loss": {"kl": {"place": "loss", "coefficient": 0.1}}},
            train={"updates_per_sampling": 2, "num_steps": 2, "parallel": parallel},
            evaluation={"every_steps": 1, "num_problems": 3},
            **sections,
        ),
    )
    one, two = tmp_path / "one", tmp_path / "two"
    assert run(["train", str(config), "--out", str(one)]) == 0
    result = launch(config, two, num_processes=2)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("step 2/2: reward") == 1  # one process speaks
    assert "Warning" not in result.stderr
    ours, theirs = metric_lines(two), metric_lines(one)
    for line, expected in zip(ours, theirs, strict=True):
        for key in STEP_KEYS:
            assert line[key] == pytest.approx(expected[key], rel=1e-4), key
    weights, expected = (load_file(out / "model/model.safetensors") for out in (two, one))
    assert relative_difference(weights, expected) <= 1e-6
    ledgers = [json.loads((out / "summary.json").read_text())["ledger"] for out in (one, two)]
    for key in ("generated_tokens", "trained_tokens", "attempts", "truncated_attempts"):
        assert ledgers[0][key] == ledgers[1][key] > 0 or key == "truncated_attempts"


def test_an_error_before_training_is_one_line_of_one_process(untrained: Path, tmp_path: Path):
    settings = grpo_config(untrained)
    settings["model"] = {"checkpoint": str(tmp_path / "nowhere")}
    result = launch(write_config(tmp_path, settings), tmp_path / "out", num_processes=2)
    assert result.returncode != 0
    assert result.stderr.count("synergy: error: ") == 1
    assert "does not exist" in result.stderr
