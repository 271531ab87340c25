"""A study of SFT checkpoints and RL from each, run and diagnosed to the end: what is asked of models again is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from synergy.cli import run
from synergy.diagnostics import seeing
from synergy.diagnostics.budgets import budgets
from synergy.diagnostics.foresight import promises

TRAIN = {"num_steps": 1, "problems_per_step": 4, "checkpoint_every_steps": 9}
STUDY: dict[str, Any] = {
    "kind": "study",
    "name": "tiny",
    "title": "tiny",
    "evidence": "none",
    "varies": ["recipe", "sft.train.num_steps"],
    "diagnostics": ["healing", "modalities"],
    "claims": [],
    "stages": {
        "common": {
            "model": {"checkpoint": "", "freeze": ["vision", "projector"]},
            "data": {"source": "pocket", "num_problems": 12, "trace": "short"},
            "prompt": "boxed",
            "sampling": {"max_tokens": 12},
            "train": TRAIN,
        },
        "sft": {"algorithm": {"name": "sft"}, "optimizer": {"learning_rate": 1e-3}},
        "rl": {
            "algorithm": {"name": "grpo"},
            "optimizer": {"learning_rate": 1e-3},
            "train": {"samples_per_problem": 2},
        },
        "two_stage_rl": {"extends": "rl"},
    },
    "arms": {
        "base": {"recipe": "base"},
        **{
            f"sft_{steps}{suffix}": {"recipe": recipe, "stages": {"sft": {"train": {"num_steps": steps}}}}
            for steps in (1, 2, 3)
            for suffix, recipe in (("", "sft"), ("_rl", "two_stage"))
        },
    },
    "evaluation": {
        "protocol": {
            "kind": "protocol",
            "name": "tiny",
            "source": "test",
            "asking": {"preset": "boxed"},
            "response": {"temperature": 1.0, "max_tokens": 12},
        },
        "sets": [
            {"name": "pocket", "title": "a", "data": {"source": "pocket", "split": "evaluation", "num_problems": 8}},
            {
                "name": "held_out",
                "title": "b",
                "data": {"source": "pocket", "split": "evaluation", "num_problems": 4, "families": ["chart"]},
            },
            {
                "name": "text",
                "title": "c",
                "data": {"source": "pocket", "split": "evaluation", "num_problems": 4, "twins": True},
            },
            {
                "name": "grey",
                "title": "d",
                "data": {"source": "pocket", "split": "evaluation", "num_problems": 8, "images": "blank"},
            },
        ],
        "levels": None,
    },
}


@pytest.fixture(scope="module")
def study(untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, run with what it diagnoses itself, and reported."""
    folder = tmp_path_factory.mktemp("predictors")
    values = json.loads(json.dumps(STUDY))
    values["stages"]["common"]["model"]["checkpoint"] = str(untrained)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    assert run(["study", str(folder / "tiny.yaml"), "--out", str(folder / "out")]) == 0
    return folder / "out"


def asked(study: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["diagnose", str(study), "--json", *options]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    return found


def test_a_study_asks_its_own_diagnostics_before_its_report(study: Path):
    assert sorted(path.stem for path in (study / "diagnostics").glob("*.json")) == ["healing", "modalities"]
    page = (study / "report.html").read_text()
    assert "Held-out tasks lost in SFT, restored by RL" in page
    found = json.loads((study / "diagnostics/healing.json").read_text())
    assert found["about"] == ["sft_1", "sft_2", "sft_3"]
    assert [row["num_seen"] for row in found["rows"]] == [4, 8, 12] * 2
    modalities = json.loads((study / "diagnostics/modalities.json").read_text())
    assert {row["subject"]: (row["method"], row["home"]) for row in modalities["rows"]} == {
        **{f"sft_{steps}": ("SFT", "pictures") for steps in (1, 2, 3)},
    }


def test_checkpoints_and_what_foretells_rl(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for name, value in {"NUM_TRACES": 3, "NUM_PROBLEMS": 3, "NUM_SAMPLES": 8}.items():
        monkeypatch.setattr(promises, name, value)
    found = asked(study, capsys, "--only", "checkpoints")
    rows = {row["subject"]: row for row in found["rows"]}
    assert list(rows) == ["sft_1", "sft_2", "sft_3"]
    for row in rows.values():
        assert row["trace_loss"] > 0
        assert row["entropy"] > 0
        assert 0 <= row["pass_1"] <= row["pass_8"] <= 1
        assert row["rl"] == f"{row['subject']}_rl"
    kept = {path: path.stat().st_mtime_ns for path in (study / "diagnostics/cache/foresight").glob("*.json")}
    assert len(kept) == 2 * 3
    found = asked(study, capsys, "--only", "predictors")
    assert {row["set"] for row in found["rows"]} == {"pocket", "held_out", "text", "grey"}
    assert {path: path.stat().st_mtime_ns for path in (study / "diagnostics/cache/foresight").glob("*.json")} == kept


def test_seeing_takes_the_study_s_own_set_and_runs_the_rest(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(seeing, "NUM_PROBLEMS", 3)
    found = asked(study, capsys, "--only", "seeing", "--arm", "sft_1")
    rows = {(row["subject"], row["set"], row["images"]): row for row in found["rows"]}
    assert {name for _, name, _ in rows} == {"pocket", "held_out"}, "text has no pictures, grey are not shown"
    assert rows["sft_1", "pocket", "blank"]["num_problems"] == 8
    assert rows["sft_1", "pocket", "swapped"]["num_problems"] == 3
    assert ("base", "pocket", "noise") in rows
    folders = list((study / "diagnostics/cache/seeing").iterdir())
    assert len(folders) == 2 * (2 + 3)
    request = json.loads((folders[0] / "request.json").read_text())
    assert request["num_problems"] == 3


def test_budgets_are_forced(study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(budgets, "NUM_PROBLEMS", 3)
    found = asked(study, capsys, "--only", "budgets", "--arm", "sft_3", "--against", "base")
    of_arm = [row for row in found["rows"] if (row["subject"], row["set"]) == ("sft_3", "pocket")]
    assert [row["budget"] for row in of_arm][-3:] == ["own", "+1", "+2"]
    assert of_arm[0]["budget"] == "cut at 0"
    assert of_arm[0]["num_tokens"] == 0
    assert of_arm[0]["touched"] == 1


def test_an_unknown_diagnostic_of_a_study_is_told_at_once(study: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["study", str(study.parent / "tiny.yaml"), "--plan", "--set", "diagnostics=[predictor]"]) == 2
    assert "did you mean 'predictors'" in capsys.readouterr().err
