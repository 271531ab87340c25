"""A study on two processes: they train together, the first does the rest, and an error stops both."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from test_studies_run import STUDY

from synergy.cli import run
from synergy.studies.results import StudyResults


def launch(file: Path, out: Path) -> subprocess.CompletedProcess[str]:
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [sys.executable, *torchrun, "-m", "synergy", "study", str(file), "--out", str(out), "--no-report"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=200)


@pytest.fixture
def study(untrained: Path) -> dict[str, Any]:
    found = json.loads(json.dumps(STUDY))
    found["stages"]["common"]["model"]["checkpoint"] = str(untrained)
    found["arms"] = {"base": {"recipe": "base"}, "sft": {"recipe": "sft"}, "rl": {"recipe": "rl"}}
    found["arms"]["merging"] = {"recipe": "merging", "options": {"sweep": []}}
    return found


def write(study: dict[str, Any], folder: Path) -> Path:
    file = folder / "tiny.json"
    file.write_text(json.dumps(study))
    return file


@pytest.mark.slow
def test_two_processes_make_what_one_makes(study: dict[str, Any], tmp_path: Path):
    file = write(study, tmp_path)
    alone, together = tmp_path / "alone", tmp_path / "together"
    assert run(["study", str(file), "--out", str(alone), "--no-report"]) == 0
    found = launch(file, together)
    assert found.returncode == 0, found.stderr
    ours, theirs = StudyResults(together), StudyResults(alone)
    assert found.stdout.count("done in") == len(theirs.plan.steps), "one process speaks, once a step"
    assert all(step.done for step in ours.plan.steps.values())
    assert set(ours.plan.steps) == set(theirs.plan.steps), "keys say nothing of processes"
    environments = {key: _environment(ours.step_folder(key)) for key in ours.plan.steps}
    numbers = {ours.plan.steps[key].kind: each["num_processes"] for key, each in environments.items()}
    assert numbers == {"train": 2, "evaluate": 1, "tag": 1, "merge": 1}
    (sft,) = {run.stages["sft"] for run in ours.plan.runs if run.arm == "sft"}
    weights = [load_file(each.step_folder(sft) / "model" / "model.safetensors") for each in (ours, theirs)]
    assert all((weights[0][name] - weights[1][name]).abs().max() < 1e-5 for name in weights[1])


@pytest.mark.slow
def test_a_finished_study_and_a_wrong_one_end_all_processes(study: dict[str, Any], tmp_path: Path):
    file, out = write(study, tmp_path), tmp_path / "tiny"
    assert run(["study", str(file), "--out", str(out), "--no-report"]) == 0
    again = launch(file, out)
    assert again.returncode == 0, again.stderr
    assert "to do: nothing" in again.stdout
    study["stages"]["sft"]["data"] = {"families": ["nothing"]}
    wrong = launch(write(study, tmp_path), tmp_path / "wrong")
    assert wrong.returncode != 0
    assert wrong.stderr.count("synergy: error:") == 1


def _environment(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "step.json").read_text())["environment"]
