"""`synergy merge` and `synergy compare`."""

import json
import textwrap
from pathlib import Path

import pytest
import torch
from merging_cases import all_tensors, write_checkpoint

from synergy.cli import run


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with models named rl, sft and base of the weights 4, 8 and 0."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("rl", 4.0), ("sft", 8.0), ("base", 0.0)):
        tensors = {"w": torch.full((4,), value), "visual.w": torch.full((2,), value)}
        write_checkpoint(tmp_path / name, tensors, vocabulary={"a": 0})
    return tmp_path


def merged(folder: Path, *arguments: str) -> tuple[float, float]:
    """The values of both tensors after a merge."""
    assert run(["merge", *arguments, "--out", "out"]) == 0
    found = all_tensors(folder / "out")
    return found["w"][0].item(), found["visual.w"][0].item()


TWO = ("--model", "rl=0.75", "--model", "sft=0.25")


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (("--method", "linear", *TWO), (5, 5)),
        (("--method", "linear", *TWO, "--no-normalize", "--set", "merge.models.1.weight=0.5"), (7, 7)),
        (("--method", "linear", *TWO, "--keep", "visual.=base", "--dtype", "bfloat16"), (5, 0)),
        (("--method", "slerp", "--base", "rl", "--model", "sft", "--t", "0.25"), (5, 5)),
        (("--method", "ties", "--base", "base", *TWO, "--density", "1.0"), (5, 5)),
        (("--method", "dare_ties", "--base", "base", *TWO, "--density", "0.0", "--seed", "1"), (0, 0)),
        (("--method", "task_arithmetic", "--base", "base", *TWO, "--lambda", "2"), (10, 10)),
    ],
)
def test_options(
    models: Path, arguments: tuple[str, ...], values: tuple[float, float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert merged(models, *arguments) == values
    out = capsys.readouterr().out
    assert "merging 2/2" in out
    assert "tensors merged" in out
    assert run(["merge", *arguments, "--out", "out"]) == 0
    assert "this merge is there already" in capsys.readouterr().out


def test_documents(models: Path) -> None:
    (models / "ours.yaml").write_text(
        textwrap.dedent("""
            kind: merge
            merge:
              method: linear
              models: [{model: rl, weight: 3}, {model: sft, weight: 1}]
        """)
    )
    assert merged(models, "ours.yaml", "--set", "merge.normalize=false") == (20, 20)
    (models / "theirs.yaml").write_text(
        textwrap.dedent("""
            models:
              - {model: rl, parameters: {weight: 1}}
              - {model: sft, parameters: {weight: 1}}
            merge_method: task_arithmetic
            base_model: base
            parameters: {lambda: 0.5}
            dtype: bfloat16
        """)
    )
    assert run(["merge", "theirs.yaml", "--out", "theirs"]) == 0
    assert all_tensors("theirs")["w"].tolist() == [6] * 4
    assert all_tensors("theirs")["w"].dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "expected either CONFIG, changed by --set alone, or --method with its options"),
        (("a.yaml", "--t", "0.5"), "expected either CONFIG"),
        (("--method", "linear", "--model", "rl", "--model", "sft=1"), "--model rl: expected MODEL=WEIGHT"),
        (("--method", "linear", "--model", "rl=much", "--model", "sft=1"), "--model rl=much: expected MODEL=WEIGHT"),
        (("--method", "linear", *TWO, "--keep", "visual."), "--keep visual.: expected PREFIX=MODEL"),
        (("--method", "linear", *TWO, "--t", "0.5"), "unknown key 'merge.t'"),
        (("--method", "slerp", "--model", "sft"), "slerp: expected --base (t = 0), one --model (t = 1) and --t"),
        (("--method", "slerp", "--model", "sft", "--base", "rl"), "missing key 'merge.t'"),
        (("--method", "ties", *TWO), "missing key 'merge.base_model'"),
        (("--method", "linear", "--model", "rl=1", "--model", "./nowhere=1"), "'./nowhere' does not exist"),
        (("--method", "linear", *TWO, "--dtype", "int4"), "'dtype' is 'int4'"),
    ],
)
def test_refusals(models: Path, arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["merge", *arguments, "--out", "out"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert words in err
    assert not (models / "out").exists()


def test_compare(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    merged(models, "--method", "linear", *TWO, "--keep", "visual.=rl")
    capsys.readouterr()
    assert run(["compare", "rl", "out"]) == 1
    out = capsys.readouterr().out
    assert "1 of 2 tensors differ, 4 of 6 numbers; largest |a − b| 1, ‖a − b‖ / ‖a‖ 0.204" in out
    assert run(["compare", "rl", "out", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["max_abs"] == 1
    assert {each["name"]: each["relative"] for each in found["tensors"]} == {"w": 0.25, "model.visual.w": 0}
    assert run(["compare", "base", "rl", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["relative"] is None  # relative to zeros
    assert run(["compare", "rl", "rl"]) == 0
    assert run(["compare", "rl", "./nowhere"]) == 2
