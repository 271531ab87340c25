"""Parting a table: shares, strata, what stays together, what leaks, and what the files hold."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from synergy.cli import run
from synergy.config.data import FileDataConfig
from synergy.data.load import open_data
from synergy.data.row_table import open_rows
from synergy.data.splitting import By, Splitting, check_parts, part_rows
from synergy.errors import InputError

THREE = {"train": 0.7, "validation": 0.1, "test": 0.2}


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "problems.jsonl"
    base = {"question": "2 + 2?", "answer": "4", "answer_kind": "integer"}
    path.write_text("".join(json.dumps({**base, **each}) + "\n" for each in rows))
    return path


def parted(path: Path, **values: Any) -> list[str]:
    table = open_rows(FileDataConfig(source="file", path=path))
    return list(part_rows(table, replace(Splitting(parts=THREE), **values)).names)


@given(seed=st.integers(0, 5), num_groups=st.integers(20, 60), stratified=st.booleans())
@settings(max_examples=15, deadline=None)
def test_no_group_is_in_two_parts(tmp_path_factory: Any, seed: int, num_groups: int, stratified: bool):
    rows = [
        {"id": f"q{number}", "group": f"g{number % num_groups}", "level": number % 3, "question": f"{number}?"}
        for number in range(150)
    ]
    path = write(tmp_path_factory.mktemp("split"), rows)
    names = parted(path, parts={"a": 0.5, "b": 0.5}, seed=seed, stratify=("level",) if stratified else ())
    parts = defaultdict(set)
    for each, name in zip(rows, names, strict=True):
        parts[each["group"]].add(name)
    assert all(len(found) == 1 for found in parts.values())


def test_shares_hold_in_every_stratum(tmp_path: Path):
    rows = [
        {"id": f"q{number}", "question": f"{number}?", "family": f"f{number % 2}", "level": number % 5}
        for number in range(400)
    ]
    path = write(tmp_path, rows)
    names = parted(path, stratify=("family", "level"))
    by_stratum = defaultdict(Counter)
    for each, name in zip(rows, names, strict=True):
        by_stratum[each["family"], each["level"]][name] += 1
    assert len(by_stratum) == 10
    for found in by_stratum.values():  # of 40 each
        assert abs(found["train"] - 28) <= 1
        assert abs(found["validation"] - 4) <= 1
        assert abs(found["test"] - 8) <= 1
    assert parted(path, stratify=("family", "level"), seed=1) != names


def test_small_strata_do_not_all_go_to_one_part(tmp_path: Path):
    rows = [{"id": f"q{number}", "question": f"{number}?", "family": f"f{number}"} for number in range(600)]
    counts = Counter(parted(write(tmp_path, rows), stratify=("family",)))
    assert counts["train"] == pytest.approx(420, abs=50)
    assert counts["validation"] == pytest.approx(60, abs=30)


def test_parts_are_those_of_hashed_part_and_rows_may_be_added(tmp_path: Path):
    rows = [{"id": f"q{number}", "question": f"{number}?"} for number in range(200)]
    path = write(tmp_path, rows)
    names = parted(path)
    config = FileDataConfig(source="file", path=path, hashed_part=(0.7, 0.8))
    assert [f"q{number}" for number, name in enumerate(names) if name == "validation"] == open_data(config).ids
    more = [*rows, *({"id": f"r{number}", "question": "new"} for number in range(50))]
    assert parted(write(tmp_path, more))[:200] == names


def drawn(folder: Path, number: int, scale: int = 1) -> str:
    image = Image.new("RGB", (256 * scale, 256 * scale), "white")
    ImageDraw.Draw(image).rectangle(
        tuple(scale * each for each in (8 * number, 32, 8 * number + 72, 160)), fill="darkgreen"
    )
    image.save(folder / f"{number}-{scale}.png")
    return f"{number}-{scale}.png"


def test_content_pictures_and_sources_stay_together(tmp_path: Path):
    rows = [
        {
            "id": f"q{number}-{twice}",
            "question": f"What is green in {number % 3}?",
            "images": [drawn(tmp_path, number % 20)],
            "source": f"s{number % 7}",
        }
        for number in range(60)
        for twice in range(2)
    ]
    rows += [{"id": "both", "question": "Which?", "images": [drawn(tmp_path, 0), drawn(tmp_path, 1)]}]
    path = write(tmp_path, rows)

    def together(by: By, key: Any) -> bool:
        names = parted(path, by=by, parts={"a": 0.5, "b": 0.5})
        found = defaultdict(set)
        for each, name in zip(rows, names, strict=True):
            found[key(each)].add(name)
        return all(len(parts) == 1 for parts in found.values())

    assert together("content", lambda each: (each["question"], tuple(each["images"])))
    assert not together("content", lambda each: tuple(each["images"]))
    assert together("pictures", lambda each: each["images"][0])
    # one row shows both: whatever shows either is with it
    assert together("pictures", lambda each: each["images"][0] in ("0-1.png", "1-1.png") or each["images"][0])
    assert together("source", lambda each: each.get("source"))


def test_the_command_writes_parts_and_says_what_leaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows: list[dict[str, Any]] = [
        {"id": f"q{number}", "question": f"How many green things does picture {number} show?", "family": "f"}
        for number in range(40)
    ]
    for each in rows:
        each["images"] = [drawn(tmp_path, int(each["id"][1:]) % 20)]
    asked = "How many green things does this picture of ours show in all its corners?"
    rows += [
        {"id": "twin-a", "question": asked, "images": [drawn(tmp_path, 3)], "group": "a"},
        {"id": "twin-b", "question": f"{asked}!", "images": [drawn(tmp_path, 3, scale=2)], "group": "b"},
    ]
    path = write(tmp_path, rows)
    out = tmp_path / "parts"
    command = ["data", "split", str(path), "--part", "train=0.5", "--part", "test=0.5", "--out", str(out)]
    for seed in range(10):  # until the twins are in two parts
        status = run([*command, "--seed", str(seed)])
        found = json.loads((out / "split.json").read_text())
        if status == 1:
            break
    assert status == 1
    captured = capsys.readouterr()
    assert "warning: 1 rows leak: " in captured.err
    kinds = found["leaks"]["kinds"]
    assert kinds["nearly_same_row"]["num_rows"] == 1
    assert {kinds["nearly_same_row"]["pairs"][0][name] for name in ("id", "like")} == {"twin-a", "twin-b"}
    assert kinds["same_row"]["num_rows"] == 0
    assert kinds["same_pictures"]["num_rows"] > 0
    assert kinds["nearly_same_pictures"]["num_rows"] >= kinds["same_pictures"]["num_rows"]
    assert sum(kinds["same_pictures"]["by_parts"].values()) == kinds["same_pictures"]["num_rows"]
    ids = {name: pq.read_table(out / f"{name}.parquet")["id"].to_pylist() for name in ("train", "test")}
    assert sorted(ids["train"] + ids["test"]) == sorted(each["id"] for each in rows)
    assert found["num_rows"] == {name: len(each) for name, each in ids.items()}
    section = FileDataConfig(source="file", path=out / "train.parquet")
    assert open_data(section)[0].problem.images[0].size == (256, 256)
    assert run([*command[:-1], str(tmp_path / "pictures"), "--by", "pictures"]) in (0, 1)
    assert (
        json.loads((tmp_path / "pictures" / "split.json").read_text())["leaks"]["kinds"]["same_pictures"]["num_rows"]
        == 0
    )


def test_a_part_without_leaks_has_exit_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    rows = [{"id": each, "question": f"{each} {numbers[-index]} {each * 2}"} for index, each in enumerate(numbers)]
    path = write(tmp_path, rows)
    command = ["data", "split", str(path), "--part", "a=0.5", "--part", "b=0.5", "--out", str(tmp_path / "out")]
    assert run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["leaks"]["kinds"]["same_text"]["num_rows"] == 0


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([("a", 0.5)], "expected two or more of different names"),
        ([("a", 0.5), ("a", 0.5)], "expected two or more of different names"),
        ([("a", 0.5), ("b", 0.6)], "expected positive shares that add up to 1"),
        ([("a", 1.5), ("b", -0.5)], "expected positive shares"),
        ([("a", 0.5), ("../b", 0.5)], "expected a name of letters"),
    ],
)
def test_parts_that_make_no_sense_are_refused(parts: list[tuple[str, float]], words: str):
    with pytest.raises(InputError, match=words):
        check_parts(parts)


def test_what_cannot_be_split_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = write(tmp_path, [{"id": "a"}, {"id": "b", "question": "else"}])
    with pytest.raises(InputError, match="missing column 'family' to stratify by"):
        parted(path, stratify=("family",))
    with pytest.raises(InputError, match="no row of 2 in 2 groups is in part"):
        parted(path)
    assert run(["data", "split", str(path), "--part", "a", "--out", "x"]) == 2
    assert "--part a: expected NAME=SHARE" in capsys.readouterr().err
