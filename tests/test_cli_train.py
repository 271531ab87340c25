"""`synergy train`: what a run leaves behind, what it refuses, and that a refusal is one line before any training."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from training_runs import grpo_config, metric_lines, sft_config, write_config

from synergy.cli import run
from synergy.config.load import load
from synergy.config.resolve import config_hash
from synergy.config.train import TrainConfig

EXAMPLES = Path(__file__).parents[1] / "examples" / "configs"


def _train(config: Path, out: Path, *options: str) -> int:
    return run(["train", str(config), "--out", str(out), *options])


@pytest.fixture(scope="module")
def finished(untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A config and its finished run."""
    folder = tmp_path_factory.mktemp("runs")
    config = write_config(
        folder, grpo_config(untrained, evaluation={"every_steps": 2, "num_problems": 3}, train={"num_steps": 3})
    )
    assert _train(config, folder / "out") == 0
    return config, folder / "out"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_configs_are_valid(path: Path):
    assert load(path, TrainConfig).model.checkpoint == "pocket"


def test_a_run_folder_holds_what_a_reader_needs(finished: tuple[Path, Path]):
    config, out = finished
    stored = load(out / "config.json", TrainConfig)
    assert stored == load(config, TrainConfig)
    assert json.loads((out / "config.json").read_text())["optimizer"]["epsilon"] == 1e-8  # defaults are written out
    summary = json.loads((out / "summary.json").read_text())
    assert summary["config_hash"] == config_hash(stored)
    assert (summary["num_steps"], summary["model_of_step"], summary["stopped_early"]) == (3, 3, False)
    assert summary["limits"]["max_response_tokens"] == 10
    assert 0 <= summary["truncated_fraction"] <= 1
    ledger = summary["ledger"]
    lines = metric_lines(out)
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert ledger["generated_tokens"] == sum(line["sampling/generated_tokens"] for line in lines)
    assert ledger["trained_tokens"] == sum(line["tokens/trained"] for line in lines)
    assert (ledger["attempts"], ledger["problems"]) == (3 * 4 * 4, 3 * 4)
    assert ledger["peak_memory_bytes"] > 1e8
    assert [line["step"] for line in metric_lines(out, "evaluation")] == [0, 2, 3]
    start = json.loads((out / "environment.json").read_text())["starts"][0]
    assert {"torch", "transformers"} <= set(start["packages"])
    assert (start["num_processes"], start["runs_as"]) == (1, "tree")
    rows = pq.read_table(out / "rollouts/step_000003.parquet").to_pylist()
    assert len(rows) == 3
    assert all(row["question"] and row["status"] == "wrong" and row["num_tokens"] > 0 for row in rows)


def test_every_step_reports_what_a_person_looks_at(finished: tuple[Path, Path]):
    wanted = {
        "reward/mean",
        "score/accuracy",
        "response/length_tokens",
        "response/truncated_fraction",
        "sampling/entropy",
        "policy/clipped_low_fraction",
        "gradient/norm",
        "optimizer/learning_rate",
        "time/tokens_per_second",
        "group/signal_fraction",
    }
    for line in metric_lines(finished[1]):
        assert wanted <= set(line)


def test_a_finished_run_is_not_run_again(finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]):
    config, out = finished
    before = (out / "metrics.jsonl").stat().st_mtime_ns
    assert _train(config, out) == 0
    assert "finished already" in capsys.readouterr().out
    assert (out / "metrics.jsonl").stat().st_mtime_ns == before


def _error(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    error = capsys.readouterr().err
    assert error.startswith("synergy: error: ")
    assert error.count("\n") == 1
    return error


def test_a_folder_of_another_run_is_refused(finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]):
    config, out = finished
    assert _train(config, out, "--set", "seed=5") == 2
    assert "holds a run of another config (seed: 0 there, 5 here)" in _error(capsys)


def test_a_run_that_never_began_gives_way_to_a_mended_config(
    untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    config, out = write_config(tmp_path, sft_config(untrained, train={"num_steps": 1})), tmp_path / "out"
    limits = ("--set", "model.rendering.too_large=drop", "--set", "model.rendering.max_prompt_tokens=5")
    assert _train(config, out, *limits) == 2
    assert "expected at least one: raise model.rendering.max_prompt_tokens" in _error(capsys)
    assert _train(config, out) == 0
    assert json.loads((out / "config.json").read_text())["model"]["rendering"]["max_prompt_tokens"] != 5


def test_a_folder_of_something_else_is_refused(
    finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "thesis.tex").write_text("")
    assert _train(finished[0], tmp_path) == 2
    assert "holds no run" in _error(capsys)


def test_a_folder_in_use_is_refused(finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    import fcntl

    config, out = finished
    shutil.copytree(out, tmp_path / "out")
    (tmp_path / "out/summary.json").unlink()
    with (tmp_path / "out/.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert _train(config, tmp_path / "out") == 2
    assert "another process is training there" in _error(capsys)


def _table(folder: Path, *rows: dict[str, Any]) -> dict[str, Any]:
    """A data section for a JSON lines file of these rows."""
    base = {"id": "p", "question": "How many?", "answer": "1", "answer_kind": "digit", "family": "a", "level": 1}
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(base | row) + "\n" for row in rows))
    return {"source": "file", "path": str(path)}


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "group of one": ({"train": {"samples_per_problem": 1}}, "there is 1 per problem; expected at least 2"),
    "unknown algorithm": ({"algorithm": {"name": "grop"}}, "(did you mean 'grpo'?)"),
    "unknown prompt": ({"prompt": "boxd"}, "(did you mean 'boxed'?)"),
    "top-p": ({"sampling": {"top_p": 0.9}}, "or algorithm.loss.mismatch switched on"),
    "greedy": ({"sampling": {"temperature": 0.0}}, "all attempts at a problem would be the same"),
    "nothing to train": ({"model": {"freeze": ["vision", "projector", "language"]}}, "leaves nothing to train"),
    "unknown family": ({"data": {"families": ["sums"]}}, "'sum'"),
    "no levels": ({"data": {"levels": []}}, "which leaves zero problems"),
    "too large a tree": ({"train": {"max_tokens_per_tree": 20}}, "expected at most max_tokens_per_tree = 20"),
    "too large a prompt": (
        {"model": {"rendering": {"max_prompt_tokens": 20, "too_large": "drop"}}},
        "all 12 problems were dropped as too large, which leaves zero",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_bad_setting_is_refused(name: str, untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    changes, words = REFUSALS[name]
    settings = grpo_config(untrained, **changes)
    if name == "unknown algorithm":
        settings["algorithm"] = changes["algorithm"]
    assert _train(write_config(tmp_path, settings), tmp_path / "out") == 2
    assert words in _error(capsys)
    assert not (tmp_path / "out/metrics.jsonl").exists()


def test_top_p_is_allowed_with_a_mismatch_correction(untrained: Path, tmp_path: Path):
    settings = grpo_config(
        untrained,
        sampling={"top_p": 0.9},
        algorithm={"loss": {"mismatch": {"mode": "truncate", "high": 2.0}}},
        train={"num_steps": 1},
    )
    assert _train(write_config(tmp_path, settings), tmp_path / "out") == 0
    assert metric_lines(tmp_path / "out")[0]["mismatch/weight"] > 0


def test_a_checkpoint_without_a_processor_is_refused(
    untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shutil.copytree(untrained, tmp_path / "model", ignore=shutil.ignore_patterns("processor_config.json"))
    settings = sft_config(tmp_path / "model")
    assert _train(write_config(tmp_path, settings), tmp_path / "out") == 2
    assert "processor_config.json" in _error(capsys)
    assert not (tmp_path / "out").exists()  # a mended config may have the same folder


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"images": ["missing.png"]}, "problem 'p': the image"),
        ({"answer_kind": "digits"}, "(did you mean 'digit'?)"),
        ({"question": ""}, "column question is ''; expected a text"),
        ({"family": "b"}, "no problem of 1 is left with families a"),
    ],
)
def test_bad_data_are_refused(
    row: dict[str, Any], words: str, untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    settings = grpo_config(untrained)
    settings["data"] = _table(tmp_path, row) | {"families": ["a"]}
    assert _train(write_config(tmp_path, settings), tmp_path / "out") == 2
    assert words in _error(capsys)


def test_imitation_without_traces_is_refused(untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    settings = sft_config(untrained)
    settings["data"] = _table(tmp_path, {})
    assert _train(write_config(tmp_path, settings), tmp_path / "out") == 2
    assert "give data.trace_column" in _error(capsys)


@pytest.mark.parametrize("sink", ["wandb", "trackio"])
def test_a_missing_extra_is_named(sink: str, untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    if find_spec(sink) is not None:
        pytest.skip(f"{sink} is installed")
    settings = sft_config(untrained, sinks={sink: "study"})
    assert _train(write_config(tmp_path, settings), tmp_path / "out") == 2
    assert f'pip install "vlm-synergy[{sink}]"' in _error(capsys)


def test_data_from_a_file_with_and_without_pictures(untrained: Path, tmp_path: Path):
    Image.new("RGB", (56, 56)).save(tmp_path / "a.png")
    rows = [{"id": "a", "images": ["a.png"], "why": "I see one."}, {"id": "b", "why": "One is one."}]
    settings = sft_config(untrained, train={"num_steps": 2, "problems_per_step": 2})
    settings["data"] = _table(tmp_path, *rows) | {"trace_column": "why"}
    assert _train(write_config(tmp_path, settings), tmp_path / "out") == 0
    assert metric_lines(tmp_path / "out")[-1]["tokens/num_images"] == 1


def test_without_config_or_with_a_config_and_a_replay(capsys: pytest.CaptureFixture[str]):
    assert run(["train"]) == 2
    assert "expected CONFIG, or --replay FILE" in _error(capsys)
    assert run(["train", "a.yaml", "--replay", "b"]) == 2
    assert "expected CONFIG, or --replay FILE" in _error(capsys)
    assert run(["train", "--replay", "nowhere.safetensors"]) == 2
    assert "no such file" in _error(capsys)


def test_a_step_that_is_not_finite_can_be_replayed(untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    settings = sft_config(untrained, optimizer={"learning_rate": 1e30, "schedule": "constant"})
    out = tmp_path / "out"
    assert _train(write_config(tmp_path, settings), out) == 2
    error = _error(capsys)
    assert "step 2: policy log-probs is not finite; problems in the batch: train-" in error
    file = out / "replay/step_000002.safetensors"
    assert f"synergy train --replay {file}" in error
    assert run(["train", "--replay", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "step 2, update 0: gradient norm nan" in shown
    assert "Not finite: policy log-probs; problems: train-" in shown
    assert not (out / "summary.json").exists()


def test_bfloat16_is_autocast_over_whole_weights(untrained: Path, tmp_path: Path):
    exact, rounded = (
        write_config(tmp_path, sft_config(untrained, train={"precision": precision}), precision)
        for precision in ("float32", "bfloat16")
    )
    assert _train(exact, tmp_path / "exact") == _train(rounded, tmp_path / "rounded") == 0
    losses = [[line["nll/value"] for line in metric_lines(tmp_path / name)] for name in ("exact", "rounded")]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    weights = load_file(tmp_path / "rounded/model/model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}


def test_a_run_depends_on_its_config_alone(finished: tuple[Path, Path], tmp_path: Path):
    config, out = finished
    assert _train(config, tmp_path / "again") == 0
    assert _train(config, tmp_path / "other", "--set", "seed=1") == 0
    numbers = [
        [line["sampling/entropy"] for line in metric_lines(folder)]
        for folder in (out, tmp_path / "again", tmp_path / "other")
    ]
    assert numbers[0] == numbers[1] != numbers[2]
