"""`synergy eval --by`, `tag` and `distil` as a person calls them, on the shipped model."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from synergy.cli import run
from synergy.config.data import FileDataConfig
from synergy.data.load import open_data
from synergy.evaluation.levels_file import read_levels
from synergy.evaluation.score_file import read_score
from synergy.pocket import stream
from synergy.pocket.export import export

QUICK = ["--threads", "1", "--set", "response.max_tokens=64"]
EXAMPLE = Path(__file__).parents[1] / "examples" / "distil" / "pocket.yaml"

TAG = ["data", "tag", "pocket", "--on", "pocket"]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_file(num: int) -> None:
    source = (item for item, _ in zip(stream("validation", families=["locate", "count"]), range(num), strict=False))
    assert list(export(source, Path("data"), "some")) == [num]


def test_a_file_is_tagged_and_evaluated_by_difficulty(capsys: pytest.CaptureFixture[str]):
    write_file(10)
    on = ["--on", "file", "--data", "data/some.parquet", *QUICK]
    tagging = ["data", "tag", "pocket", *on, "--samples", "4", "--out", "levels.json"]
    assert run(tagging) == 0
    assert "10 problems by level: L1 " in capsys.readouterr().out
    assert run(tagging) == 0
    assert "levels-samples: sampled already" in capsys.readouterr().out
    levels = read_levels(Path("levels.json"))
    assert {each.num_samples for each in levels.problems.values()} == {4}
    assert run([*tagging, "--table", "tagged.parquet"]) == 0
    before, after = pq.read_table("data/some.parquet"), pq.read_table("tagged.parquet")
    assert after.select(before.column_names).equals(before)
    for row in after.to_pylist():
        found = levels.problems[row["id"]]
        assert row["passrate_for_pocket"] == found.num_correct / 4
        assert row["difficulty_level_for_pocket"] == found.level
    command = ["eval", "pocket", *on, "--set", "num_runs=2", "--out", "out", "--levels", "levels.json"]
    assert run([*command, "--by", "level", "--by", "length"]) == 0
    out = capsys.readouterr().out
    assert "by level, levels measured with pocket; strict verdicts, %" in out
    assert "avg@2" in out
    assert "by length of the response, tokens" in out
    folder = Path("out/file-some")
    score = read_score(folder / "score.json")
    assert score.breakdown is not None
    assert score.levels == levels.part()
    assert sum(each.num_problems for each in score.breakdown.level.values()) == 10
    assert set(score.breakdown.generating_level) == {"1", "2", "3", "4", "5"}
    samples = pq.read_table(folder / "samples.parquet").to_pylist()
    assert len(samples) == 20
    assert all(each["level"] == levels.problems[each["problem_id"]].level for each in samples)
    # tagging's responses and these were drawn by other random numbers
    tagged = pq.read_table("levels-samples/samples.parquet").to_pylist()
    ours = {(each["problem_id"], each["run"]): each["text"] for each in samples}
    assert any(ours[key] != each["text"] for each in tagged if (key := (each["problem_id"], each["run"])) in ours)
    names = [json.loads(line)["images"] for line in (folder / "problems.jsonl").read_text().splitlines()]
    assert {name for found in names for name in found} == {path.name for path in (folder / "images").iterdir()}


def test_responses_depend_on_the_size_of_shards_by_rounding_alone():
    """Sums over other batches round otherwise, which now and then tips a draw: of 4,000 responses 2 differed."""
    for shard in ("5", "64"):
        command = ["eval", "pocket", "--on", "pocket", "--limit", "24", "--shard", shard, "--out", shard, *QUICK]
        assert run([*command, "--set", "num_runs=2", "--no-pictures"]) == 0
    small, large = (Path(shard, "pocket", "responses.jsonl").read_text().splitlines() for shard in ("5", "64"))
    assert len(small) == len(large) == 48
    assert sum(left != right for left, right in zip(small, large, strict=True)) <= 1


def test_a_distillation_makes_what_training_reads(capsys: pytest.CaptureFixture[str]):
    overrides = [
        "--set",
        "data.num_problems=8",
        "--set",
        "data.families=[locate,describe]",
        "--set",
        "unsolved=demonstrate",
    ]
    command = ["distil", str(EXAMPLE), *overrides, "--set", "samples_per_problem=2", "--out", "out", "--threads", "1"]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert "16 responses to 8 problems: " in out
    assert "0 problems left out" in out
    examples = open_data(FileDataConfig(source="file", path=Path("out/data.parquet"), trace_column="trace"))
    assert len(examples) == 8
    assert run(command) == 0
    assert "sampling" not in capsys.readouterr().out


def test_a_file_in_anothers_layout_is_asked_the_same():
    write_file(4)
    assert run(["data", "convert", "data/some.parquet", "theirs.parquet", "--to", "easyr1"]) == 0
    for data, layout in (("data/some.parquet", "synergy"), ("theirs.parquet", "easyr1")):
        table = ["--data", data, "--layout", layout, "--out", layout]
        assert run(["eval", "pocket", "--on", "file", *table, *QUICK]) == 0
    ours, theirs = (
        [json.loads(line) for line in (Path(layout) / name / "problems.jsonl").read_text().splitlines()]
        for layout, name in (("synergy", "file-some"), ("easyr1", "file-theirs"))
    )
    assert [each["question"] for each in ours] == [each["question"] for each in theirs]
    assert [len(each["images"]) for each in theirs] == [1] * 4


def test_the_documented_commands_run(tmp_path: Path):
    root = Path(__file__).parents[1]
    (tmp_path / "examples").symlink_to(root / "examples")
    section = (root / "docs" / "evaluation.md").read_text().partition("## By difficulty")[2].split("```")[1]
    commands = [line.partition("#")[0].split()[1:] for line in section.splitlines() if line.startswith("synergy ")]
    assert [command[0] for command in commands] == ["eval", "data", "eval", "distil"]
    for command in commands:
        assert run([*command, "--threads", "1"]) == 0, command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eval", "pocket", "--on", "file"], "--on file without --data; expected a .parquet, .jsonl or .json file"),
        (["eval", "pocket", "--on", "hub"], "--on hub without --data; expected REPOSITORY or REPOSITORY:SPLIT"),
        (["eval", "pocket", "--on", "file", "--data", "none.parquet"], "none.parquet: cannot be read"),
        (["eval", "pocket", "--on", "pocket", "--levels", "none.json"], "none.json: no such file"),
        (
            ["eval", "pocket", "--on", "pocket", "--layout", "verl"],
            "--layout verl with pocket; expected it with --on file",
        ),
        (["eval", "pocket", "--on", "file", "--data", "a.parquet", "--layout", "verll"], "(did you mean 'verl'?)"),
        (["eval", "pocket", "--on", "pocket", "--by", "size"], "'size' is not one of 'level', 'family'"),
        (TAG, "Missing option '--out'"),
        (["data", "tag", "pocket", "--on", "pocket,mmstar", "--out", "l.json"], "2 sets; expected one"),
        ([*TAG, "--out", "levels"], "expected a file ending in .json"),
        (
            [*TAG, "--out", "l.json", "--thresholds", "2,5"],
            "expected falling numbers",
        ),
        (
            [*TAG, "--out", "l.json", "--thresholds", "a"],
            "expected whole numbers divided",
        ),
        ([*TAG, "--out", "l.json", "--table", "t.csv"], "expected a file ending in .parquet"),
        (
            ["data", "tag", "pocket", "--on", "pocket", "--out", "l.json", "--set", "response.temperature=0"],
            "16 samples at temperature 0",
        ),
        (["distil", "none.yaml", "--out", "out"], "none.yaml: no such file"),
        (["distil", str(EXAMPLE), "--set", "keep=best", "--out", "out"], "'keep' is 'best'"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err
    assert list(tmp_path.iterdir()) == []
