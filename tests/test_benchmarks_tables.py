"""Opening tables: file formats, pictures in every dress, and one clear line for what is wrong."""

import base64
import gzip
import io
import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from synergy.benchmarks.columns import literal_list, values
from synergy.benchmarks.registry import get_benchmark
from synergy.benchmarks.tables import BenchmarkData, open_benchmark
from synergy.errors import FileError, InputError
from synergy.records import Problem


def picture(colour: str = "red", mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, (3, 2), colour).save(stream, "PNG")
    return stream.getvalue()


def encoded(colour: str = "red") -> str:
    return base64.b64encode(picture(colour)).decode()


def counting(number: int, **cells: Any) -> dict[str, Any]:
    return {"id": str(number), "question": "How many?", "ground_truth": number, **cells}


def opened(
    folder: Path, rows: list[dict[str, Any]], name: str = "superclevr", file: str = "rows.jsonl"
) -> BenchmarkData:
    path = folder / file
    text = json.dumps(rows) if file.endswith(".json") else "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if file.endswith(".gz") else text.encode())
    return open_benchmark(get_benchmark(name), path)


@pytest.mark.parametrize("file", ["rows.jsonl", "rows.json", "rows.jsonl.gz"])
def test_json_files(file: str, tmp_path: Path) -> None:
    data = opened(tmp_path, [counting(3), counting(4)], file=file)
    assert (len(data), data.ids, [problem.answer for problem in data]) == (2, ["3", "4"], ["3", "4"])


def test_an_object_of_objects_gives_ids(tmp_path: Path) -> None:
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"v1_0": {"question": "Which?", "answer": "C", "skill": ["inductive"]}}))
    assert open_benchmark(get_benchmark("logicvista"), path).ids == ["v1_0"]


def test_a_table_without_ids_counts_its_rows(tmp_path: Path) -> None:
    row = {"question": "How many?", "ground_truth": 1}
    assert opened(tmp_path, [row, row]).ids == ["0", "1"]


def test_cells_of_a_tsv_file_may_be_quoted_and_long(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    long = "very " * 100_000 + "long"
    path.write_text(f'id\tquestion\tground_truth\n1\t"How ""many""\nare there?"\t2\n2\t{long}\t3\n', encoding="utf-8")
    problems = list(open_benchmark(get_benchmark("superclevr"), path))
    assert problems[0].question == 'How "many"\nare there?'
    assert len(problems[1].question) == len(long)


@pytest.mark.parametrize(
    "cells",
    [
        {"image": encoded()},
        {"image": [encoded()]},
        {"image": str([encoded()])},
        {"image": "red.png"},
        {"image_path": "red.png"},
        {"image": "no such.png", "decoded_image": encoded()},
        {"image_1": encoded(), "image_2": None},
        {"images": [encoded()]},
    ],
    ids=lambda cells: "+".join(cells),
)
def test_pictures_in_every_dress(cells: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(picture())
    (image,) = opened(tmp_path, [counting(1, **cells)])[0].images
    assert (image.mode, image.size, image.getpixel((2, 1))) == ("RGB", (3, 2), (255, 0, 0))


def test_several_pictures_in_one_long_cell(tmp_path: Path) -> None:
    wide = io.BytesIO()
    Image.effect_noise((120, 120), 90).save(wide, "PNG")
    noise = base64.b64encode(wide.getvalue()).decode()
    assert len(noise) > 10_000
    images = opened(tmp_path, [counting(1, image=str([noise, encoded("blue")]))])[0].images
    assert [image.size for image in images] == [(120, 120), (3, 2)]
    assert images[1].getpixel((0, 0)) == (0, 0, 255)


def test_a_row_may_name_the_row_whose_picture_it_shares(tmp_path: Path) -> None:
    rows = [
        counting(1, index=10, image=encoded("red")),
        counting(2, index=11, image=encoded("blue")),
        counting(3, index=12, image="11"),
    ]
    assert opened(tmp_path, rows)[2].images[0].getpixel((0, 0)) == (0, 0, 255)


def test_pictures_are_decoded_at_each_access(tmp_path: Path) -> None:
    data = opened(tmp_path, [counting(1, image=encoded())])
    assert data[0].images[0] is not data[0].images[0]


def test_scoring_needs_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(counting(1, image_path="gone.png")))
    assert open_benchmark(get_benchmark("superclevr"), path, with_images=False)[0].images == ()


def test_the_hub_is_read_split_by_split(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def load(repository: str, name: str | None, *, split: str) -> datasets.Dataset:
        asked.append((repository, name, split))
        row = {"id": "1", "question": "Find x.", "ground_truth": "2", "answer_type": "float"}
        image = Image.open(io.BytesIO(picture()))
        features = datasets.Features(
            {**dict.fromkeys(row, datasets.Value("string")), "decoded_image": datasets.Image()}
        )
        return datasets.Dataset.from_dict(
            {**{key: [value] for key, value in row.items()}, "decoded_image": [image]}, features=features
        )

    monkeypatch.setattr(datasets, "load_dataset", load)
    data = open_benchmark(get_benchmark("dynamath"))
    assert asked[0] == ("DynaMath/DynaMath_Sample", None, "sample_variant1")
    assert len(data) == len(asked) == 10
    assert data.ids[:2] == ["1/sample_variant1", "1/sample_variant2"]
    problem: Problem = data[9]
    assert problem.images[0].getpixel((0, 0)) == (255, 0, 0)


def test_a_hub_failure_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("no\nroute")

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with pytest.raises(InputError, match=r"^data set 'Lin-Chen/MMStar': cannot be loaded: no route$"):
        open_benchmark(get_benchmark("mmstar"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], ": no rows; expected at least one problem of superclevr"),
        (
            [{"id": 1, "questoin": "How many?", "ground_truth": 1}],
            ": missing column 'question' (did you mean 'questoin'?), which superclevr needs; it has: "
            "id, questoin, ground_truth",
        ),
        ([counting(1), counting(1)], ": rows 1 and 2 have the id '1'; expected different ids"),
        ([counting(1), counting(2, question=" ")], ", row 2: question is empty; expected a text"),
        ([counting(1, ground_truth="few")], ", row 1: ground_truth is 'few'; expected a whole number"),
        (
            [counting(1, **{"difficulty_level_for_qwen2.5_vl_7b": "hard"})],
            ", row 1: difficulty_level_for_qwen2.5_vl_7b is 'hard'; expected 1 to 5, 'L1' or 'level 1'",
        ),
    ],
)
def test_bad_tables_are_one_clear_line(rows: list[dict[str, Any]], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        opened(tmp_path, rows)
    assert str(error.value) == f"{tmp_path / 'rows.jsonl'}{message}"


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("gone.png", "does not exist; expected an image file"),
        ("!!!", "an image is the text '!!!'; expected base64 or a path to an image file"),
        (base64.b64encode(b"no picture").decode(), "cannot decode the image (bytes)"),
        (base64.b64encode(picture()[:40]).decode(), "cannot decode the image (bytes)"),
        (3.5, "an image is given by float; expected bytes, base64 or a path"),
    ],
)
def test_bad_pictures_are_found_at_opening(image: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(FileError) as error:
        opened(tmp_path, [counting(1), counting(2, image=image)])
    assert str(error.value).startswith(f"{tmp_path / 'rows.jsonl'}, row 2: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("file", "content", "kind", "message"),
    [
        ("rows.csv", b"", InputError, "cannot tell its format; expected a file ending in .tsv, .parquet, .json"),
        ("rows.tsv", b"id\tquestion\n1\n", InputError, "line 2: 1 cells; expected 2, one for each column"),
        ("rows.tsv", b'id\tquestion\n1\t"open', InputError, "expected tab-separated cells"),
        ("rows.tsv", b"\xff\xfe", InputError, "no UTF-8 text; expected .tsv"),
        ("rows.jsonl", b'{"id": 1}\n[1]\n', InputError, "line 2: holds list; expected a JSON object"),
        ("rows.jsonl", b'{"id": 1', InputError, "line 1: Expecting"),
        ("rows.jsonl.gz", b"no gzip", FileError, "cannot be read"),
        ("rows.json", b"[3]", InputError, "entry 0 holds int; expected an object for each problem"),
        ("rows.parquet", b"no parquet", FileError, "no parquet file"),
    ],
)
def test_bad_files_are_one_clear_line(
    file: str, content: bytes, kind: type[Exception], message: str, tmp_path: Path
) -> None:
    path = tmp_path / file
    path.write_bytes(content)
    with pytest.raises(kind) as error:
        open_benchmark(get_benchmark("superclevr"), path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_benchmark_without_hub(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        open_benchmark(get_benchmark("superclevr"), tmp_path / "gone.jsonl")
    with pytest.raises(InputError, match="geoqa is not on the hub; expected a file of its problems"):
        open_benchmark(get_benchmark("geoqa"))


def test_an_unknown_benchmark_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"unknown benchmark 'mathvist' \(did you mean 'mathvista'\?\)"):
        get_benchmark("mathvist")


def test_lists_are_read_never_evaluated() -> None:
    assert values("['a', \"b's\", 3]") == ("a", "b's", 3)
    assert values('["a", "b"]') == ("a", "b")
    assert values("[]") == values(None) == values(float("nan")) == values(" ") == ()
    assert values("plain") == ("plain",)
    for hostile in ("[__import__('os').getcwd()]", "[" * 5_000 + "]" * 5_000, "[9**9**9]", "[lambda: 0]", "['a'"):
        assert literal_list(hostile) is None


def test_a_parquet_table_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([{**counting(2), "image": {"bytes": picture("blue"), "path": "x.png"}}]), path)
    (problem,) = open_benchmark(get_benchmark("superclevr"), path)
    assert problem.images[0].getpixel((0, 0)) == (0, 0, 255)
