"""`synergy diagnose --responses`: saved responses, before against after."""

import json
from pathlib import Path
from typing import Any

import pytest
from shared_data import shared_file

from synergy.cli import run
from synergy.cli.diagnose_responses import short_names
from synergy.diagnostics.finding import read_findings


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["diagnose", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("stems", "names"),
    [
        (["a_instruct_grpo_legacy", "a_instruct_legacy"], ["instruct_grpo", "instruct"]),
        (["geoqa_7b_grpo", "geoqa_7b_instruct"], ["grpo", "instruct"]),
        (["same", "same"], ["same", "same_1"]),
        (["alone"], ["alone"]),
    ],
)
def test_files_are_called_by_what_tells_them_apart(stems: list[str], names: list[str]):
    assert short_names(stems) == names


def test_saved_responses_are_graded_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def row(number: int, thought: str, answer: int) -> dict[str, object]:
        text = f"<think>{thought}</think> <answer>{answer}</answer>"
        return {"id": number, "question": "How many?", "ground_truth": 4, "response": text}

    before = [row(number, "2 + 2 = 5. Wait, let me check: 2 + 2 = 5.", 5) for number in range(4)]
    after = [row(number, "2 + 2 = 4.", 4) for number in range(4)]
    files = {name: tmp_path / f"superclevr_{name}.json" for name in ("before", "after")}
    for name, rows in (("before", before), ("after", after)):
        files[name].write_text(json.dumps(rows), encoding="utf-8")
    out = tmp_path / "out"
    told = findings(
        capsys,
        "--responses", str(files["after"]), "--against", str(files["before"]), "--out", str(out),
        "--only", "truth", "--only", "reflections",
    )  # fmt: skip
    truth = next(each for each in told if each["diagnostic"] == "truth")
    assert [(row["subject"], row["true"]) for row in truth["rows"]] == [("before", 0), ("after", 1)]
    assert truth["rows"][1]["true_change"] == 1
    reflections = next(each for each in told if each["diagnostic"] == "reflections")
    assert [row["reflecting"] for row in reflections["rows"]] == [1, 0]
    assert {each.diagnostic for each in read_findings(out / "diagnostics")} == {"truth", "reflections"}
    assert (out / "after" / "score.json").exists()


def test_what_is_missing_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "answers.json"
    file.write_text("[]", encoding="utf-8")
    for arguments, words in (
        (["--responses", str(file)], "expected --benchmark NAME"),
        ([], "expected RUN, a folder, or --responses FILE"),
        (["runs/x", "--benchmark", "geoqa"], "belong to --responses"),
        (["--responses", str(file), "--benchmark", "geoqa", "--arm", "rl"], "--arm with --responses"),
    ):
        assert run(["diagnose", *arguments]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("after", "before", "benchmark", "num_responses"),
    [
        pytest.param(
            "geoqa_test_qwen2vl_7b_grpo_2epochs_legacy.json",
            "geoqa_test_qwen2vl_7b_instruct_legacy.json",
            "geoqa",
            (754, 754),
            marks=pytest.mark.slow,  # twice 754 formulas
        ),
        (
            "counting_results_superclevr_200_qwen2vl_2b_instruct_grpo100_legacy.json",
            "counting_results_superclevr_200_qwen2vl_2b_instruct_legacy.json",
            "superclevr",
            (200, 200),
        ),
    ],
)
def test_published_responses_before_and_after_grpo(
    after: str,
    before: str,
    benchmark: str,
    num_responses: tuple[int, int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    files = [str(shared_file("r1v_logs", name)) for name in (after, before)]
    told = findings(capsys, "--responses", files[0], "--against", files[1], "--out", str(tmp_path))
    by_name = {each["diagnostic"]: each for each in told}
    assert {"cues", "reflections", "truth", "rigidity", "gap"} <= set(by_name)
    assert "hesitation" not in by_name  # there is no model
    rows = by_name["truth"]["rows"]
    assert tuple(row["responses"] for row in rows) == num_responses
    assert {row["set"] for row in rows} == {benchmark}
