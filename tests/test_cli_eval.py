"""`synergy eval`, `score` and `table` as a person calls them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from loopback import Refusal, loopback

from synergy.cli import run
from synergy.evaluation.score_file import read_score

MMSTAR = Path(__file__).parent / "fixtures" / "mmstar.tsv"
LOGS = Path(__file__).parents[2] / "shared" / "data" / "r1v_logs"


def model(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answers A to all, in tags; as a judge it finds everything right."""
    is_judge = body["messages"][0]["role"] == "system" and "reference answer" in body["messages"][0]["content"]
    text = '{"verdict": "correct"}' if is_judge else "<think>no idea</think> the answer is \\boxed{A}"
    choice = {"message": {"content": text}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": 50, "completion_tokens": 9}}


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_shipped_model_on_a_benchmarks_file(capsys: pytest.CaptureFixture[str]):
    command = ["eval", "pocket", "--on", "mmstar", "--data", str(MMSTAR), "--out", "out"]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert "MMStar: sampling 4/4" in out
    for rule in ("strict", "lenient", "official"):
        assert re.search(rf"│ {rule} +│ +\d+\.\d{{3}} │ +\d+\.\d–\d+\.\d │ +4 │ +0 │", out)
    assert "protocol pocket, limit 256 tokens" in out
    score = read_score(Path("out/mmstar/score.json"))
    assert score.model.weights_sha256 is not None
    assert score.benchmark.data_sha256 is not None
    assert score.sampling is not None
    assert "put your final answer within" in str(score.sampling.first_prompt)
    assert run(command) == 0
    assert "out/mmstar: finished already" in capsys.readouterr().out
    assert run([*command, "--seed", "1"]) == 2
    assert "asked.seed: 0 there, 1 here" in capsys.readouterr().err


def test_a_served_model_a_judge_and_a_table(capsys: pytest.CaptureFixture[str]):
    with loopback(model) as server:
        common = ["--on", "mmstar", "--data", f"mmstar={MMSTAR}", "--protocol", "synergy_dilemma"]
        served = ["--endpoint", f"{server.url}/v1", "--set", "num_runs=2"]
        judged = ["--judge-url", f"{server.url}/v1"]
        assert run(["eval", "one", *common, *served, "--tuned", "--out", "one"]) == 0
        assert "the protocol's judge Qwen/Qwen2.5-VL-32B-Instruct was not asked" in capsys.readouterr().out
        assert len(server.asked) == 8
        assert run(["eval", "one", *common, *served, "--tuned", "--out", "one", *judged]) == 0
        assert "MMStar: sampling" not in capsys.readouterr().out
        assert run(["eval", "two", *common, *served, "--base", "--out", "two", *judged, "--endpoint-model", "m"]) == 0
        capsys.readouterr()
    bodies = [body for _, body in server.asked]
    sampled = [body for body in bodies if body["messages"][0]["role"] == "user"]
    assert {(body["temperature"], body["top_p"], body["top_k"], body["n"]) for body in sampled} == {(0.6, 0.95, 20, 1)}
    assert len({body["seed"] for body in sampled}) == 8
    assert {body["model"] for body in sampled} == {"one", "m"}
    asked = {body["model"]: body["messages"][-1]["content"][-1]["text"] for body in sampled}
    assert "\\boxed" in asked["one"]
    assert "\\boxed" not in asked["m"]
    scores = ["one/mmstar/score.json", "two/mmstar/score.json"]
    score = read_score(Path(scores[0]))
    # answers C A B B: A is right once; the judge finds all right, and is asked each distinct question once
    assert [score.rules[rule].metrics["overall"].value for rule in ("strict", "official", "judged")] == [
        0.25,
        0.25,
        1.0,
    ]
    assert score.judge is not None
    assert (score.judge.num_calls, score.judge.prompt_tokens) == (3, 150)
    assert run(["table", *scores]) == 0
    out = capsys.readouterr().out
    assert "protocol synergy_dilemma, judged verdicts, %:" in out
    assert "100.0–100.0, 0% cut" in out
    assert run(["table", *scores, "--rule", "strict", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert [row["scores"]["mmstar"]["value"] for row in table["rows"]] == [0.25, 0.25]
    assert table["rows"][0]["mean"] is None, "four benchmarks of the suite are missing"


def test_scores_that_do_not_mix_are_refused_unless_forced(capsys: pytest.CaptureFixture[str]):
    with loopback(model) as server:
        for name, limit in (("one", "100"), ("two", "200")):
            command = ["eval", name, "--on", "mmstar", "--data", str(MMSTAR), "--protocol", "vlaa", "--out", name]
            assert run([*command, "--endpoint", f"{server.url}/v1", "--set", f"response.max_tokens={limit}"]) == 0
    assert "the protocol's are min_pixels None, max_pixels 262144" in capsys.readouterr().out
    scores = ["one/mmstar/score.json", "two/mmstar/score.json"]
    assert run(["table", *scores]) == 2
    assert "(protocol.response.max_tokens: 100 in one/mmstar/score.json, 200 in two" in capsys.readouterr().err
    assert run(["table", *scores, "--force"]) == 0
    assert "† made differently: protocol.response.max_tokens: 100 in one" in capsys.readouterr().out


@pytest.mark.parametrize("is_instructed", [True, False])
def test_a_benchmarks_own_demand_on_the_answer_stands_with_the_question(is_instructed: bool):
    with loopback(model) as server:
        command = ["eval", "m", "--on", "mmstar", "--data", str(MMSTAR), "--protocol", "vlaa", "--limit", "1"]
        command += ["--set", f"asking.benchmark_instruction={str(is_instructed).lower()}", "--out", "out"]
        assert run([*command, "--endpoint", f"{server.url}/v1"]) == 0
    assert ("Please select the correct answer from the options above." in str(server.asked)) is is_instructed


def test_what_a_server_did_not_answer_is_asked_again_on_demand(capsys: pytest.CaptureFixture[str]):
    refused = ["Which colour is the disc?"]

    def moody(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if any(text in str(body) for text in refused):
            raise Refusal(400)
        return model(path, body)

    with loopback(moody) as server:
        command = ["eval", "m", "--on", "mmstar", "--data", str(MMSTAR), "--protocol", "vlaa", "--json"]
        command += ["--endpoint", f"{server.url}/v1", "--out", "out", "--shard", "2"]
        assert run(command) == 0
        first = json.loads(capsys.readouterr().out)[0]
        assert (first["num_failed"], first["rules"]["strict"]) == (1, 0.0)
        refused.clear()
        assert run([*command, "--retry-failed"]) == 0
        second = json.loads(capsys.readouterr().out)[0]
        assert (second["num_failed"], second["rules"]["strict"]) == (0, 0.25)
        assert len(server.asked) == 4 + 2


def test_saved_responses_by_every_rule_and_where_they_differ(capsys: pytest.CaptureFixture[str]):
    texts = ["\\boxed{C}", "I choose the one that is like the sky", "<think>first or second", "D"]
    rows = [{"index": number, "prediction": text} for number, text in enumerate(texts)]
    Path("said.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with loopback(model) as server:
        command = ["score", "said.jsonl", "--benchmark", "mmstar", "--data", str(MMSTAR), "--out", "out"]
        assert run([*command, "--judge-url", f"{server.url}/v1", "--judge-model", "a judge"]) == 0
        out = capsys.readouterr().out
        assert len(server.asked) == 2
    assert "columns: response=prediction, id=index" in out
    assert "truncated 25.0% (graded as they stand)" in out
    assert re.search(r"│ strict +│ +25\.000 │", out)
    assert re.search(r"│ judged +│ +75\.000 │", out)
    assert "2 responses on which the rules differ:" in out
    assert re.search(r"  1: gold A; strict wrong \(.*\); official wrong .*; judged correct \(judge/correct\)", out)
    differing = [json.loads(line) for line in Path("out/differing.jsonl").read_text().splitlines()]
    assert [each["id"] for each in differing] == ["1", "3"]
    assert differing[0]["response"] == texts[1]
    assert read_score(Path("out/score.json")).protocol is None


@pytest.mark.parametrize(
    ("file", "benchmark", "percent"),
    [
        ("geoqa_test_qwen2vl_7b_instruct_legacy.json", "geoqa", "30.63"),
        ("geoqa_test_qwen2vl_7b_grpo_2epochs_legacy.json", "geoqa", "38.72"),
        ("counting_results_superclevr_200_qwen2vl_2b_instruct_legacy.json", "superclevr", "48.0"),
        ("counting_results_superclevr_200_qwen2vl_2b_instruct_grpo100_legacy.json", "superclevr", "82.5"),
    ],
)
def test_published_accuracies_come_out_of_published_responses(
    file: str, benchmark: str, percent: str, capsys: pytest.CaptureFixture[str]
):
    if not LOGS.is_dir():
        pytest.skip(f"{LOGS} is not there: the published responses are no part of the project")
    assert run(["score", str(LOGS / file), "--benchmark", benchmark]) == 0
    official = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("│ official"))
    assert percent in official


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eval", "m", "--on", "mmstar"], "no --protocol, on which scores depend; expected one of pocket, "),
        (["eval", "pocket", "--on", "mmstr"], "unknown benchmark 'mmstr' (did you mean 'mmstar'?)"),
        (["eval", "pocket", "--on", "pocket,pocket"], "benchmark pocket is named twice"),
        (["eval", "pocket", "--on", "mmstar", "--data", "none.tsv"], "none.tsv: cannot be read"),
        (["eval", "pocket", "--on", "pocket", "--data", "x.tsv"], "built in; expected none"),
        (["eval", "pocket", "--on", "mmstar,mmmu", "--data", "x.tsv"], "which benchmark is it of?"),
        (["eval", "pocket", "--on", "pocket", "--families", "cont"], "unknown family 'cont' (did you mean 'count'?)"),
        (["eval", "m", "--on", "pocket", "--protocol", "synergy_dilemma"], "give --tuned or --base"),
        (["eval", "m", "--protocol", "none.yaml"], "no protocol 'none.yaml'"),
        (["eval", "./m", "--on", "pocket", "--protocol", "vlaa"], "cannot read the config of checkpoint './m'"),
        (["eval", "pocket", "--on", "pocket", "--model-set", "dtyp=1"], "--model-set dtyp=1: unknown key 'dtyp'"),
        (["eval", "pocket", "--on", "pocket", "--set", "num_runs=0"], "'num_runs' is 0; expected greater than 0"),
        (["eval", "pocket", "--on", "pocket", "--judge-model", "m"], "--judge-model without --judge-url"),
        (["eval", "pocket", "--on", "pocket", "--judge-url", "http://x"], "--judge-url without --judge-model"),
        (["eval", "m", "--on", "pocket", "--protocol", "vlaa", "--endpoint", "x"], "'url' is 'x'"),
        (["score", "none.jsonl", "--benchmark", "mmstar"], "none.jsonl: cannot be read"),
        (["score", "x.jsonl", "--benchmark", "mmstar", "--data", str(MMSTAR)], "1 ids are none of the data's"),
        (["score", "x.jsonl", "--benchmark", "geoqa"], "its columns make no problem of geoqa (ground_truth is empty"),
        (
            ["score", "y.jsonl", "--benchmark", "geoqa", "--judge-url", "http://x", "--judge-model", "m"],
            "no column of questions, which a judge has to read",
        ),
        (["score", "x.jsonl", "--benchmark", "mmstar", "--column", "a"], "expected ROLE=NAME"),
        (["score", "x.jsonl", "--benchmark", "mmstar", "--preset", "box"], "unknown prompt preset 'box'"),
        (["table", "none.json"], "none.json: cannot be read"),
        (["table"], "Missing argument 'SCORE.json…'"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    Path("x.jsonl").write_text('{"id": "none", "response": "A"}\n')
    Path("y.jsonl").write_text('{"id": "none", "response": "A", "ground_truth": "4"}\n')
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".jsonl"] == []


def test_grading_saved_responses_and_tables_need_no_torch():
    command = ["score", "said.jsonl", "--benchmark", "mmstar", "--data", str(MMSTAR), "--out", "out"]
    code = (
        f"import sys; from synergy.cli import run; assert run({command!r}) == 0; "
        "assert run(['table', 'out/score.json']) == 0; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    Path("said.jsonl").write_text('{"index": 0, "prediction": "C"}\n')
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def test_the_documented_commands_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = Path(__file__).parents[1]
    (tmp_path / "tests").symlink_to(root / "tests")
    section = (root / "docs" / "evaluation.md").read_text().partition("## Evaluate a model")[2].split("```")[1]
    commands = [line.partition("#")[0].split()[1:] for line in section.splitlines() if line.startswith("synergy ")]
    assert [command[0] for command in commands] == ["eval", "eval", "eval", "score", "table"]
    for command in commands:
        assert run(command) == 0, command
