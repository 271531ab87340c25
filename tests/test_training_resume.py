"""A run that is killed and started again ends as if nothing had happened; torn checkpoints and full disks are borne."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from training_runs import SINGLE_THREAD, assert_same_run, grpo_config, kill, metric_lines, sft_config, write_config
from transformers import AutoModelForImageTextToText, AutoProcessor

from synergy.cli import run


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As in the processes that are compared with: sums over threads round differently with their number."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _rl_config(checkpoint: Path) -> dict[str, Any]:
    """Everything that has a state: two updates a step, a reference, a moving KL coefficient, early stopping, a best."""
    kl = {"place": "loss", "coefficient": 0.1, "controller": {"target": 0.01, "horizon": 100.0}}
    return grpo_config(
        checkpoint,
        algorithm={"loss": {"kl": kl}},
        train={"updates_per_sampling": 2, "checkpoint_every_steps": 2, "num_steps": 5},
        evaluation={"every_steps": 1, "num_problems": 3, "keep": "best", "patience": 100},
    )


def test_resume_after_two_kills_ends_with_the_same_bits(untrained: Path, tmp_path: Path):
    config = write_config(tmp_path, _rl_config(untrained))
    found = kill(config, tmp_path, num_runs=1, kills_per_run=2, seed=3)
    assert [each["done"] for each in found] == [True]
    assert_same_run(tmp_path / "killed-0", tmp_path / "undisturbed")
    lines = metric_lines(tmp_path / "undisturbed")
    assert any(line["policy/zero_signal_fraction"] < 1 for line in lines)
    assert len({line["kl/coefficient"] for line in lines}) > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rl", "sft with dropout"])
def test_resume_after_a_kill_at_any_of_20_moments(name: str, untrained: Path, tmp_path: Path):
    settings = _rl_config(untrained)
    if name != "rl":
        pytest.importorskip("peft")
        lora = {"rank": 4, "alpha": 8.0, "dropout": 0.2}
        settings = sft_config(untrained, model={"lora": lora}, train={"num_steps": 8})
    config = write_config(tmp_path, settings)
    found = kill(config, tmp_path, num_runs=20, kills_per_run=1, seed=11)
    assert len(found) == 20
    assert len({tuple(each["checkpoints_when_killed"]) for each in found}) >= 3
    for number in range(20):
        assert_same_run(tmp_path / f"killed-{number}", tmp_path / "undisturbed")


def _train(config: Path, out: Path) -> int:
    return run(["train", str(config), "--out", str(out)])


def _unfinish(out: Path) -> None:
    """As if killed after its last checkpoint."""
    (out / "summary.json").unlink()


@pytest.fixture(scope="module")
def finished(untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A config and its finished run."""
    folder = tmp_path_factory.mktemp("runs")
    config = write_config(folder, sft_config(untrained))
    assert _train(config, folder / "out") == 0
    return config, folder / "out"


def _copy(out: Path, to: Path) -> Path:
    subprocess.run(["cp", "-r", str(out), str(to)], check=True)
    _unfinish(to)
    return to


@pytest.mark.parametrize("damage", ["cut", "flipped bit", "missing", "state"])
def test_resume_passes_over_a_torn_checkpoint(
    damage: str, finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    config, undisturbed = finished
    out = _copy(undisturbed, tmp_path / "out")
    newest = sorted((out / "checkpoints").glob("step_*"))[-1]
    file = newest / ("state.json" if damage == "state" else "weights.safetensors")
    data = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "flipped bit":
        data[-1] ^= 1
        file.write_bytes(data)
    else:
        file.write_bytes(data[: len(data) // 2])
    assert _train(config, out) == 0
    printed = capsys.readouterr().out
    assert f"passed over {newest}: " in printed
    assert "goes on after step 2" in printed
    assert_same_run(out, undisturbed)


def test_resume_from_torn_checkpoints_alone_is_an_error(
    finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    config, undisturbed = finished
    out = _copy(undisturbed, tmp_path / "out")
    for file in (out / "checkpoints").glob("step_*/checksums.json"):
        file.write_text("{")
    assert _train(config, out) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "remove the run's folder to start over" in error


def test_resume_after_a_full_disk(finished: tuple[Path, Path], untrained: Path, tmp_path: Path):
    """The third checkpoint does not fit: files may not grow beyond a limit that is between weights and moments."""
    config, undisturbed = finished
    limit = (undisturbed / "checkpoints/step_000003/optimizer.safetensors").stat().st_size - 1000
    code = (
        "import resource, sys\n"
        "from synergy.cli import run\n"
        "from synergy.training import checkpoint\n"
        "save = checkpoint.save_checkpoint\n"
        "def full(folder, step, *arguments, **keywords):\n"
        f"    soft = {limit} if step == 3 else resource.RLIM_INFINITY\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))\n"
        "    return save(folder, step, *arguments, **keywords)\n"
        "import synergy.training.loop as loop\n"
        "loop.save_checkpoint = full\n"
        f"sys.exit(run(['train', {str(config)!r}, '--out', {str(tmp_path / 'out')!r}]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env=SINGLE_THREAD
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "step_000003: the checkpoint cannot be written" in result.stderr
    checkpoints = sorted(path.name for path in (tmp_path / "out/checkpoints").iterdir())
    assert checkpoints == ["step_000001", "step_000002"]
    assert _train(config, tmp_path / "out") == 0  # with room again
    assert_same_run(tmp_path / "out", undisturbed)


def test_no_file_of_a_run_is_a_pickle(finished: tuple[Path, Path]):
    _, out = finished
    kinds = {path.suffix for path in out.rglob("*") if path.is_file() and path.name != ".lock"}
    assert kinds <= {".json", ".jsonl", ".safetensors", ".jinja"}


def test_the_model_loads_plainly_and_is_the_last_checkpoint(finished: tuple[Path, Path]):
    _, out = finished
    model = AutoModelForImageTextToText.from_pretrained(out / "model")
    assert AutoProcessor.from_pretrained(out / "model").tokenizer is not None
    weights = load_file(out / "checkpoints/step_000003/weights.safetensors")
    found = dict(model.named_parameters())
    assert set(weights) == set(found)
    assert all(tensor.equal(found[name]) for name, tensor in weights.items())
