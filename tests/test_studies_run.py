"""Running a study: steps once, resumed after a kill, nothing done twice, everything that a report needs."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from synergy.cli import run
from synergy.diagnostics.samples import read_samples
from synergy.errors import InputError
from synergy.evaluation.provenance import weights_sha256
from synergy.report.page import report_page
from synergy.studies.load import load_study
from synergy.studies.results import StudyResults
from synergy.studies.runner import StudyFolder
from synergy.studies.subjects import subjects_of
from synergy.studies.tuned_settings import settings_hash

SHARED: dict[str, Any] = {
    "model": {"checkpoint": "", "freeze": ["vision", "projector"]},
    "data": {"source": "pocket", "num_problems": 12, "trace": "short"},
    "prompt": "boxed",
    "sampling": {"max_tokens": 12},
    "train": {"num_steps": 2, "problems_per_step": 4, "checkpoint_every_steps": 1},
}
STUDY: dict[str, Any] = {
    "kind": "study",
    "name": "tiny",
    "title": "tiny",
    "evidence": "none",
    "stages": {
        "common": SHARED,
        "sft": {"algorithm": {"name": "sft"}, "optimizer": {"learning_rate": 1e-3}},
        "rl": {
            "algorithm": {"name": "grpo"},
            "optimizer": {"learning_rate": 1e-3},
            "train": {"samples_per_problem": 2},
        },
    },
    "arms": {
        "base": {"recipe": "base"},
        "sft": {"recipe": "sft"},
        "rl": {"recipe": "rl"},
        "merging": {"recipe": "merging"},
    },
    "evaluation": {
        "protocol": {
            "kind": "protocol",
            "name": "tiny",
            "source": "test",
            "asking": {"preset": "boxed"},
            "response": {"temperature": 1.0, "max_tokens": 12},
            "num_runs": 2,
        },
        "sets": [
            {
                "name": "pocket",
                "title": "Pocket",
                "data": {"source": "pocket", "split": "evaluation", "num_problems": 10},
            }
        ],
        "levels": {"num_samples": 2},
    },
}


@pytest.fixture(scope="module")
def file(untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's document, of the untrained model."""
    path = tmp_path_factory.mktemp("study") / "tiny.yaml"
    study = json.loads(json.dumps(STUDY))
    study["stages"]["common"]["model"]["checkpoint"] = str(untrained)
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def finished(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, run."""
    out = tmp_path_factory.mktemp("runs") / "tiny"
    assert run(["study", str(file), "--out", str(out), "--no-report"]) == 0
    return out


def test_a_plan_changes_nothing(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["study", str(file), "--out", str(tmp_path / "tiny"), "--plan"]) == 0
    assert not (tmp_path / "tiny").exists()
    out = " ".join(capsys.readouterr().out.split())
    assert "to do: 1 × tag, 6 × evaluate, 2 × train, 3 × merge" in out


def test_the_results_are_all_there(finished: Path):
    results = StudyResults(finished)
    assert all(step.done for step in results.plan.steps.values())
    found = results.only_cell.sets["pocket"]
    assert set(found.runs) == {
        "base",
        "sft",
        "rl",
        "merging",
        *(f"merging@{r}" for r in ("0", "1", "0.25", "0.5", "0.75")),
    }
    assert found.scores("rl").shape == (1, 10)
    assert len(found.problems) == 10
    assert all(problem.level in (1, 2, 3, 4, 5) and problem.images[0].exists() for problem in found.problems)
    rl = next(run for run in results.plan.runs if run.arm == "rl")
    assert [line["step"] for line in results.metrics(rl.stages["rl"]) if line["kind"] == "train"] == [1, 2]
    assert (results.step_folder(rl.stages["rl"]) / "model" / "config.json").exists()
    assert not (results.step_folder(rl.stages["rl"]) / "checkpoints").exists()
    for step in results.plan.steps.values():
        assert step.ledger is not None
        assert 1e8 < step.ledger.peak_memory_bytes < 8e9, step.name
    spent = results.ledger(rl)
    assert spent.generated_tokens > 0
    assert spent.nominal_flops > 0
    merging = next(run for run in results.plan.runs if run.arm == "merging")
    both = results.ledger(merging)
    assert both.trained_tokens > spent.trained_tokens, "what an arm shares is charged to it, too"
    assert not any((finished / "building").iterdir())


def test_what_is_diagnosed_is_the_model_that_an_arm_ends_with(finished: Path):
    results = StudyResults(finished)
    kinds = {each.name: each.model.parent.name.partition("-")[0] for each in subjects_of(results) if each.model}
    assert kinds["merging"] == "merge", "made after the two trainings, whatever their names"
    for each in results.plan.runs:
        numbers = [results.plan.steps[key].number for key in each.stages.values()]
        assert numbers == sorted(numbers), each.arm


def test_a_finished_study_costs_nothing_to_run_again(finished: Path, file: Path, capsys: pytest.CaptureFixture[str]):
    before = {path: path.stat().st_mtime_ns for path in (finished / "steps").rglob("*")}
    start = time.perf_counter()
    assert run(["study", str(file), "--out", str(finished), "--no-report"]) == 0
    assert time.perf_counter() - start < 10
    assert {path: path.stat().st_mtime_ns for path in (finished / "steps").rglob("*")} == before
    assert "to do: nothing" in capsys.readouterr().out


def test_arms_levels_and_the_baseline_start_from_the_model_of_the_base_stage(file: Path, tmp_path: Path):
    study = yaml.safe_load(file.read_text())
    study["stages"]["base"] = {**study["stages"]["sft"], "train": {"num_steps": 1}}
    rule = {"by": "pass_count", "samples_per_problem": 2, "at_most": 2, "response": {"temperature": 1.0}}
    study["stages"]["some"] = {"rule": rule}
    study["arms"] = {"base": {"recipe": "base"}, "sft": {"recipe": "sft", "options": {"choose": "some"}}}
    based, out = tmp_path / "based.yaml", tmp_path / "based"
    based.write_text(yaml.safe_dump(study, sort_keys=False))
    assert run(["study", str(based), "--out", str(out), "--no-report"]) == 0
    results = StudyResults(out)
    (made,) = (step for step in results.plan.steps.values() if step.name == "base model")
    weights = weights_sha256(str(results.step_folder(made.key) / "model"))
    measured = {
        step.kind: json.loads(found.read_text())["model"]["weights_sha256"]
        for step in results.plan.steps.values()
        if "sft" not in step.name
        for found in [
            *results.step_folder(step.key).glob("score.json"),
            *results.step_folder(step.key).glob("levels.json"),
        ]
    }
    assert measured == {"evaluate": weights, "tag": weights}
    (arm,) = (each for each in results.plan.runs if each.arm == "sft")
    trained = json.loads((results.step_folder(arm.stages["sft"]) / "config.json").read_text())
    assert trained["model"]["checkpoint"] == str(results.step_folder(made.key) / "model")
    own = results.plan.steps[arm.stages["sft"]].ledger
    assert own is not None
    assert results.ledger(arm).trained_tokens == own.trained_tokens, "the base model is charged to no arm"


def test_one_arm_runs_what_it_needs_and_no_more(file: Path, tmp_path: Path):
    out = tmp_path / "tiny"
    assert run(["study", str(file), "--out", str(out), "--no-report", "--only", "base"]) == 0
    assert sorted(path.name.partition("-")[0] for path in (out / "steps").iterdir()) == ["evaluate", "tag"]


def test_killed_at_any_moment_it_ends_as_an_undisturbed_one(finished: Path, file: Path, tmp_path: Path):
    out = tmp_path / "tiny"
    command = [sys.executable, "-m", "synergy", "study", str(file), "--out", str(out), "--no-report", "--threads", "1"]
    for marker in ("building/train-*/checkpoints/step_*", "steps/train-*"):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 90
        while not any(out.glob(marker)) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0
    names = ("samples.parquet", "problems.jsonl", "model.safetensors", "levels.json")
    compared = [path.relative_to(finished) for path in (finished / "steps").rglob("*") if path.name in names]
    assert len(compared) > 15
    assert [path for path in compared if (out / path).read_bytes() != (finished / path).read_bytes()] == []
    assert _without_times(report_page(out)) == _without_times(report_page(finished))


def _without_times(page: str) -> str:
    """A report without the two sections whose tables have seconds, and without its date."""
    for section in ("ledger", "compute"):
        page, num = re.subn(rf'<section id="{section}".*?</section>', "", page, flags=re.DOTALL)
        assert num == 1
    page, num = re.subn(r"<dt>Date</dt><dd>.*?</dd>", "", page)
    assert num == 1
    return page


def test_equal_steps_of_another_study_are_taken(finished: Path, file: Path, tmp_path: Path):
    out = tmp_path / "other"
    command = ["study", str(file), "--set", "stages.rl.train.num_steps=1", "--out", str(out), "--no-report"]
    assert run([*command, "--only", "rl", "--only", "sft", "--reuse", str(finished)]) == 0
    took = {path.name: (path / "step.json").stat().st_nlink for path in (out / "steps").iterdir()}
    mine = {path.name for path in (finished / "steps").iterdir()}
    assert {name for name, links in took.items() if links > 1} == took.keys() & mine
    assert sorted(name.partition("-")[0] for name in took.keys() - mine) == ["evaluate", "train"]
    assert run([*command, "--reuse", str(tmp_path)]) == 2


def test_rates_are_chosen_on_validation_and_the_study_starts_from_them(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    study = yaml.safe_load(file.read_text())
    del study["stages"]["rl"]["optimizer"]
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump({**study, "extends": "tuned.json"}))
    (tmp_path / "tuned.json").write_text(json.dumps({"stages": {"rl": {"optimizer": {"learning_rate": 1e-3}}}}))
    data = {"source": "pocket", "split": "validation", "num_problems": 10}
    stages = {"rl": {"arm": "rl", "learning_rates": [1e-4, 3e-3]}}
    tune = {"kind": "tune", "study": "tiny.yaml", "result": "tuned.json", "stages": stages, "data": data}
    (tmp_path / "tune.yaml").write_text(yaml.safe_dump(tune))
    command = ["tune", str(tmp_path / "tune.yaml"), "--out", str(tmp_path / "out")]
    assert run([*command, "--plan"]) == 0
    assert not (tmp_path / "out").exists()
    assert run(command) == 0
    found = load_study(tmp_path / "tiny.yaml", [])
    assert found.tuning is not None
    (tried,) = found.tuning.stages.values()
    assert [each.learning_rate for each in tried.tries] == [1e-4, 3e-3]
    best = max(tried.tries, key=lambda each: (each.accuracy, -each.learning_rate))
    assert tried.chosen == best.learning_rate
    assert found.stages["rl"]["optimizer"] == {"learning_rate": tried.chosen}
    assert (found.tuning.num_problems, found.tuning.settings) == (10, settings_hash(found))
    configs = [json.loads(path.read_text())["config"] for path in (tmp_path / "out/steps").glob("evaluate-*/step.json")]
    assert {each["data"]["split"] for each in configs} == {"validation"}
    assert {each["seed"] for each in configs} == {1000} != set(found.seeds)
    capsys.readouterr()
    assert run(command) == 0
    assert "done in" not in capsys.readouterr().out, "nothing is tried twice"
    assert run([*command, "--set", "stages.rl.arm=lr"]) == 2
    out = tmp_path / "study"
    assert run(["study", str(tmp_path / "tiny.yaml"), "--out", str(out), "--only", "base", "--only", "rl"]) == 0
    page = (out / "report.html").read_text()
    assert "Learning rates that were tried" in page
    assert "chosen under other settings" not in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "rll"], "unknown arm of study tiny 'rll' (did you mean 'rl'?)"),
        (["--seeds", "0,7"], "study tiny has no seed 7"),
        (["--seeds", "x"], "--seeds x: not numbers"),
        (["--set", "arms.rl.recipe=lr"], "arms.rl.recipe"),
    ],
)
def test_bad_options_are_one_line(file: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]):
    assert run(["study", str(file), "--plan", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_folder_of_something_else_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds no study"):
        StudyFolder(tmp_path).check()


def test_show_prints_a_study_and_its_parts(finished: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["show", str(finished)]) == 0
    assert "rl/rl, seed 0" in capsys.readouterr().out
    for path in sorted((finished / "steps").iterdir()):
        assert run(["show", str(path)]) == 0
    assert run(["show", str(finished / "steps")]) == 2
    assert "holds no study, run or score" in capsys.readouterr().err


def test_a_study_is_diagnosed_and_reported(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    study = tmp_path / "study"
    shutil.copytree(finished, study)
    assert run(["diagnose", str(study), "--against", "base", "--only", "lengths", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["about"] == ["sft", "rl", "merging"]
    assert [(row["subject"], row["set"]) for row in found["rows"]] == [(arm, "pocket") for arm in found["about"]]
    assert run(["diagnose", str(study), "--arm", "rl", "--only", "lengths"]) == 0
    assert "rl" in capsys.readouterr().out
    assert run(["report", str(study)]) == 0
    assert "Are a model&#39;s longer answers" in (study / "report.html").read_text()
    assert run(["diagnose", str(study), "--arm", "mergin"]) == 2
    assert "did you mean 'merging'" in capsys.readouterr().err


def test_what_training_moved_is_found_in_a_study(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    study = tmp_path / "study"
    shutil.copytree(finished, study)
    names = ("token_shift", "sharpness", "weight_change", "weight_overlap", "weight_rotation", "forgetting")
    asked = [argument for name in (*names, "data_surprise") for argument in ("--only", name)]
    command = ["diagnose", str(study), "--arm", "sft", "--arm", "rl", "--json", *asked]
    assert run(command) == 0
    found = {each["diagnostic"]: each for each in json.loads(capsys.readouterr().out)}
    assert set(found) == {*names, "data_surprise"}
    shift = found["token_shift"]
    assert {row["subject"] for row in shift["rows"]} == {"sft", "rl"}
    assert {row["writer"] for row in shift["rows"]} == {"its own", "the base's"}
    assert all(row["forward"] >= 0 and row["backward"] >= 0 for row in shift["rows"])
    assert max(row["forward"] for row in shift["rows"]) > 0, "training moved something"
    assert [each["subject"] for each in shift["verdicts"]] == ["sft", "rl"]
    texts = {"".join(part["text"] for part in each["parts"]).removesuffix(" ∎") for each in shift["examples"]}
    stored = {sample.text for path in study.glob("steps/evaluate-*") for sample in read_samples(path)}
    assert texts <= stored, "every character of an answer is shown"
    assert list(dict.fromkeys(row["subject"] for row in found["sharpness"]["rows"])) == ["base", "sft", "rl"]
    entropies = [row["entropy"] for row in found["sharpness"]["rows"] if row["subject"] == "sft"]
    assert entropies == sorted(entropies), "a higher temperature has more entropy"
    moved = {(row["subject"], row["place"]): row for row in found["weight_change"]["rows"]}
    assert moved["sft", "vision"]["norm"] == 0.0
    assert moved["sft", "up_proj"]["norm"] > 0
    assert found["weight_overlap"]["rows"][0]["subject"] == "sft"
    assert {row["subject"] for row in found["weight_rotation"]["rows"]} == {"sft", "rl"}
    assert {row["trained"] for row in found["forgetting"]["rows"] if "trained" in row} == {"yes"}
    assert found["forgetting"]["verdicts"] == [], "every family was trained on"
    (surprise,) = found["data_surprise"]["rows"]
    assert (surprise["subject"], surprise["data"], surprise["num_problems"]) == ("sft", "short traces", 12)
    assert surprise["perplexity"] > 1
    caches = {path: path.stat().st_mtime_ns for path in (study / "diagnostics" / "cache").rglob("*.json")}
    assert run(command) == 0
    assert caches == {path: path.stat().st_mtime_ns for path in (study / "diagnostics" / "cache").rglob("*.json")}
    assert run(["report", str(study)]) == 0
    page = (study / "report.html").read_text()
    assert "Where training changed the next token" in page
    assert 'class="more"' in page or 'class="less"' in page
