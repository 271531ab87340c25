"""Folders of tables, parts of a data set by hash, pictures with transparency."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError
from shared_data import FOLDER, shared_file

from synergy.config.data import FileDataConfig
from synergy.data.load import open_data
from synergy.data.parts import place
from synergy.data.tables import table_files, tables_sha256
from synergy.errors import FileError, InputError
from synergy.file_hash import file_sha256

ROW = {"question": "How many?", "answer": "3", "answer_kind": "digit"}


def _table(path: Path, *ids: str, **cells: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"id": each, **ROW, **cells} for each in ids]
    is_list = path.suffix == ".json"
    path.write_text(json.dumps(rows, indent=1) if is_list else "\n".join(map(json.dumps, rows)))
    return path


def _open(path: Path, **settings: Any) -> Any:
    return open_data(FileDataConfig(source="file", path=path, **settings))


def test_the_tables_of_a_folder_take_turns_and_name_families(tmp_path: Path):
    _table(tmp_path / "b.json", "b1", "b2", "b3")
    _table(tmp_path / "a.jsonl", "a1")
    _table(tmp_path / "c.jsonl", "c1", "c2", family="own")
    (tmp_path / "SOURCE.md").write_text("where from")
    found = _open(tmp_path)
    assert found.ids == ["a1", "b1", "c1", "b2", "c2", "b3"]
    assert [found[index].problem.family for index in range(3)] == ["a", "b", "own"]
    assert _open(tmp_path, families=("b",), num_problems=2).ids == ["b1", "b2"]
    assert _open(tmp_path / "b.json")[0].problem.family == ""


def test_the_one_sub_folder_that_has_tables_is_meant(tmp_path: Path):
    inner = _table(tmp_path / "Data" / "a.json", "a1")
    (tmp_path / "images").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "images" / "a.png")
    assert table_files(tmp_path) == [inner]
    assert _open(tmp_path).ids == ["a1"]
    _table(tmp_path / "Other" / "a.json", "a2")
    with pytest.raises(InputError, match=r"tables in several sub-folders \(Data, Other\)"):
        _open(tmp_path)


def test_a_folder_without_tables_and_none_at_all(tmp_path: Path):
    with pytest.raises(InputError, match="no table in it"):
        _open(tmp_path)
    with pytest.raises(FileError, match="cannot be read"):
        _open(tmp_path / "no.json")


def test_json_lines_under_the_name_of_json(tmp_path: Path):
    lines = _table(tmp_path / "a.jsonl", "a1", "a2")
    assert _open(lines.rename(tmp_path / "a.json")).ids == ["a1", "a2"]
    (tmp_path / "bad.json").write_text('[{"id": 1},\n 2')
    with pytest.raises(InputError, match=r"line 2: .* expected a JSON list of objects"):
        _open(tmp_path / "bad.json")
    (tmp_path / "bad.json").write_text("[1]")
    with pytest.raises(InputError, match="item 1: holds int"):
        _open(tmp_path / "bad.json")


def test_the_hash_of_a_folder_is_of_its_tables(tmp_path: Path):
    _table(tmp_path / "a.json", "a1")
    before = tables_sha256(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    assert tables_sha256(tmp_path) == before
    _table(tmp_path / "a.json", "a2")
    assert tables_sha256(tmp_path) != before
    (tmp_path / "a.json").rename(tmp_path / "b.json")
    assert tables_sha256(tmp_path) != before
    assert tables_sha256(tmp_path / "b.json") != tables_sha256(tmp_path)


# ---- parts


def test_parts_that_do_not_overlap_share_no_group_and_leave_nothing_out(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    rows = [{"id": f"{group}-{twin}", "group": f"picture {group}", **ROW} for group in range(200) for twin in range(3)]
    path.write_text("\n".join(map(json.dumps, rows)))
    parts = [_open(path, hashed_part=part).ids for part in ((0.0, 0.6), (0.6, 0.7), (0.7, 1.0))]
    groups = [{each.partition("-")[0] for each in ids} for ids in parts]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 200
    assert sum(map(len, parts)) == 600
    assert 90 < len(groups[0]) < 150


def test_without_groups_a_part_goes_by_id(tmp_path: Path):
    path = _table(tmp_path / "a.jsonl", *(f"id{index}" for index in range(50)))
    assert _open(path, hashed_part=(0.0, 0.5)).ids == [f"id{i}" for i in range(50) if place(f"id{i}") < 0.5]
    assert place("id0") == pytest.approx(0.90182205, abs=1e-8), "a part means the same on every machine, for ever"


def test_a_part_is_a_range_of_shares():
    for part, words in (((0.6, 0.6), "expected a start below the end"), ((0.5, 1.5), "less than or equal to 1")):
        with pytest.raises(ValidationError, match=words):
            FileDataConfig(source="file", path=Path("a.json"), hashed_part=part)


def test_an_empty_part_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"is left with .* hashed_part \[0.0, 1e-06\]"):
        _open(_table(tmp_path / "a.jsonl", "a"), hashed_part=(0.0, 1e-6))


def test_no_twin_of_a_published_puzzle_is_in_two_parts():
    shared_file("puzzlevqa", "SOURCE.md")
    captions, pictures = {}, {}
    for file in (FOLDER / "puzzlevqa" / "PuzzleVQA").glob("*.json"):
        for line in file.read_text().splitlines():
            row = json.loads(line)
            name = f"{file.stem}/{Path(row['image']).stem}"
            captions[name] = (file.stem, row["caption"])
            pictures[name] = file_sha256(file.parent / row["image"])
    parts = [
        _open(FOLDER / "puzzlevqa", layout="puzzlevqa", hashed_part=part).ids
        for part in ((0.0, 0.6), (0.6, 0.7), (0.7, 1.0))
    ]
    for of in (captions, pictures):  # some pictures are the same under several captions
        found = [{of[each] for each in ids} for ids in parts]
        assert sum(map(len, found)) == len(set().union(*found)) == len(set(of.values()))
    assert [len(ids) for ids in parts] == [552, 115, 333]
    assert [len({each.partition("/")[0] for each in ids}) for ids in parts] == [20, 19, 20]


# ---- pictures


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_ground_is_white_as_on_paper(mode: str, tmp_path: Path):
    figure = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    figure.putpixel((1, 1), (0, 0, 0, 255))
    figure.convert(mode).save(tmp_path / "a.png")
    (image,) = _open(_table(tmp_path / "a.jsonl", "a", images=["a.png"]))[0].problem.images
    assert image.mode == "RGB"
    assert (image.getpixel((0, 0)), image.getpixel((1, 1))) == ((255, 255, 255), (0, 0, 0))
