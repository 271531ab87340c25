"""Whole runs that mix attempts and demonstrations: the same on two processes as on one, and after a kill."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from training_cases import relative_difference
from training_runs import assert_same_run, grpo_config, kill, launch, metric_lines, write_config

from synergy.cli import run

#: numbers of a step that must not depend on how many processes took it
STEP_KEYS = ("reward/mean", "kl/value", "gradient/norm", "tokens/trained", "sampling/num_attempts", "mix/sft_loss")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As in the processes that are compared with."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _config(name: str, checkpoint: Path, **sections: Any) -> dict[str, Any]:
    """An untrained model, which fails at everything: the whole trace, then ever less of it."""
    algorithm: dict[str, Any] = {"name": name, "loss": {"kl": {"place": "loss", "coefficient": 0.1}}}
    if name == "interleaved":
        algorithm["failed_attempts"] = "kept"  # or there would be no RL at all
    else:
        guidance = {"start_until": 0.3, "end_from": 1.0}
        algorithm |= {"num_guided": 3, "guidance": guidance, "kl_on_prefix": True}
        algorithm["loss"]["kl"]["controller"] = {"target": 0.01, "horizon": 100.0}
    return grpo_config(checkpoint, algorithm=algorithm, data={"trace": "short"}, **sections)


@pytest.mark.parametrize("name", ["interleaved", "progressive"])
def test_two_processes_mix_as_one_does(name: str, untrained: Path, tmp_path: Path):
    loop = {"updates_per_sampling": 2, "num_steps": 3, "checkpoint_every_steps": 3}
    config = write_config(tmp_path, _config(name, untrained, train=loop))
    one, two = tmp_path / "one", tmp_path / "two"
    assert run(["train", str(config), "--out", str(one)]) == 0
    result = launch(config, two, num_processes=2)
    assert result.returncode == 0, result.stderr
    for line, expected in zip(metric_lines(two), metric_lines(one), strict=True):
        keys = {key for key in expected if key.startswith("mix/")}
        assert keys == {key for key in line if key.startswith("mix/")}
        for key in (*STEP_KEYS, *keys):
            assert line[key] == pytest.approx(expected[key], rel=1e-4), key
    weights, expected = (load_file(out / "model/model.safetensors") for out in (two, one))
    assert relative_difference(weights, expected) <= 1e-6
    if name == "progressive":
        assert [line["sampling/num_attempts"] for line in metric_lines(one)] == [16, 16 + 12, 16 + 12]


def test_progressive_resumes_after_two_kills_with_the_same_bits(untrained: Path, tmp_path: Path):
    loop = {"num_steps": 4, "checkpoint_every_steps": 1}
    config = write_config(tmp_path, _config("progressive", untrained, train=loop))
    found = kill(config, tmp_path, num_runs=1, kills_per_run=2, seed=5)
    assert [each["done"] for each in found] == [True]
    assert_same_run(tmp_path / "killed-0", tmp_path / "undisturbed")
    lines = metric_lines(tmp_path / "undisturbed")
    assert [line["mix/scheduled_fraction"] for line in lines] == pytest.approx([1, 1, 5 / 7, 5 / 14])
    assert len({line["kl/coefficient"] for line in lines}) == 4
