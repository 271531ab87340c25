"""Problems from the pocket, from files and from `datasets`: what comes out, and what is refused at once."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from synergy.config.data import DataConfig, FileDataConfig, HubDataConfig, PocketDataConfig
from synergy.data.load import open_data
from synergy.data.order import ProblemOrder
from synergy.errors import FileError, InputError
from synergy.pocket.export import export
from synergy.pocket.world import items
from synergy.records import AnswerKind

ROW = {"id": "a", "question": "How many?", "answer": "3", "answer_kind": "digit", "family": "f", "level": 2}


def _png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def _lines(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "data.jsonl"
    path.write_text("\n".join(json.dumps(ROW | row) for row in rows) + "\n\n")
    return path


def _file(path: Path, **settings: Any) -> FileDataConfig:
    return FileDataConfig(source="file", path=path, **settings)


# ---- the pocket


def test_pocket_problems_with_traces_of_the_configured_length():
    long, short = (
        open_data(PocketDataConfig(source="pocket", num_problems=6, trace=trace)) for trace in ("long", "short")
    )
    assert len(long) == len(set(long.ids)) == 6
    assert long.has_demonstrations
    for index in range(6):
        assert long[index].problem.id == long.ids[index] == short[index].problem.id
        assert long[index].demonstrations[0].answer == long[index].problem.answer
    assert len(long[0].demonstrations[0].trace) > len(short[0].demonstrations[0].trace)


def test_either_trace_is_direct_for_half_of_the_problems():
    either, direct, short = (
        open_data(PocketDataConfig(source="pocket", num_problems=200, trace=trace))
        for trace in ("either", "direct", "short")
    )
    traces = [tuple(data[index].demonstrations[0].trace for data in (either, direct, short)) for index in range(200)]
    assert all(found in (plain, worked) for found, plain, worked in traces)
    num_direct = sum(found == plain for found, plain, _ in traces)
    assert 75 <= num_direct <= 125
    assert direct[0].demonstrations[0].trace.removeprefix("So the").removeprefix("The") == (
        f" answer is {direct[0].problem.answer}"
    )


def test_pocket_filters_and_seeds():
    chosen = PocketDataConfig(source="pocket", num_problems=4, families=("count",), levels=(5,))
    assert {(open_data(chosen)[i].problem.family, open_data(chosen)[i].problem.level) for i in range(4)} == {
        ("count", 5)
    }
    assert open_data(chosen)[0].problem.id != open_data(chosen.model_copy(update={"seed": 1}))[0].problem.id
    evaluation = open_data(chosen.model_copy(update={"split": "evaluation"}))
    assert not set(evaluation.ids) & set(open_data(chosen).ids)


# ---- files


def test_what_the_pocket_exports_comes_back_the_same(tmp_path: Path):
    list(export(iter(items("train", 6, seed=4)), tmp_path, "train"))
    found = open_data(_file(tmp_path / "train.parquet", trace_column="long_trace"))
    for index, item in enumerate(items("train", 6, seed=4)):
        problem, expected = found[index].problem, item.problem()
        assert [image.tobytes() for image in problem.images] == [image.tobytes() for image in expected.images]
        for name in ("id", "question", "answer", "answer_kind", "choices", "family", "level", "source"):
            assert getattr(problem, name) == getattr(expected, name)
        assert found[index].demonstrations[0].trace == item.long().trace


def test_json_lines_with_pictures_beside_the_file(tmp_path: Path):
    (tmp_path / "red.png").write_bytes(_png())
    found = open_data(_file(_lines(tmp_path, {"images": ["red.png"]}, {"id": "b"})))
    assert [len(found[index].problem.images) for index in range(2)] == [1, 0]
    assert found[0].problem.images[0].getpixel((0, 0)) == (255, 0, 0)
    assert found[0].problem.answer_kind is AnswerKind.DIGIT
    assert not found.has_demonstrations


def test_filters_and_first_rows(tmp_path: Path):
    path = _lines(tmp_path, *({"id": str(index), "level": index % 3} for index in range(9)))
    found = open_data(_file(path, levels=(1, 2), num_problems=3))
    assert found.ids == ["1", "2", "4"]


@pytest.mark.parametrize(
    ("rows", "settings", "words"),
    [
        ([{"answer": 3}], {}, "column answer is 3; expected a text"),
        ([{}, {}], {}, "two problems have the id 'a'"),
        ([{"answer_kind": "nubmer"}], {}, "(did you mean 'number'?)"),
        ([{"images": ["no.png"]}], {}, "no.png does not exist"),
        ([{"images": [{"bytes": None, "path": None}]}], {}, "neither bytes nor a path"),
        ([{}], {"trace_column": "trace"}, "missing column 'trace'"),
        ([{}], {"families": ("g",)}, "no problem of 1 is left with families g"),
        ([{}], {"families": ()}, "leaves zero problems"),
        ([{"why": ""}], {"trace_column": "why"}, "column why is ''"),
    ],
)
def test_bad_rows_are_refused_when_the_file_is_opened(
    rows: list[dict[str, Any]], settings: dict[str, Any], words: str, tmp_path: Path
):
    with pytest.raises((InputError, FileError)) as caught:
        open_data(_file(_lines(tmp_path, *rows), **settings))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "expected a folder, or a file ending in .parquet, .jsonl, .json"),
        ("a.jsonl", b"{", "line 1: "),
        ("a.jsonl", b"[1]", "line 1: holds list"),
        ("a.jsonl", b"\xff", "no UTF-8 text"),
        ("a.jsonl", b"", "missing column 'id'"),
        ("a.parquet", b"PAR1", "no parquet file"),
        ("a.parquet", None, "cannot be read"),
    ],
)
def test_files_that_are_none(name: str, content: bytes | None, words: str, tmp_path: Path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises((InputError, FileError)) as caught:
        open_data(_file(tmp_path / name))
    assert words in str(caught.value)


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path: Path):
    (tmp_path / "red.png").write_bytes(_png()[:30])
    found = open_data(_file(_lines(tmp_path, {"images": ["red.png"]})))
    with pytest.raises(FileError, match=r"problem 'a': cannot decode the image \(red.png\)"):
        found[0]


def test_pictures_in_parquet(tmp_path: Path):
    row = ROW | {"images": [{"bytes": _png("blue"), "path": None}]}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    assert open_data(_file(tmp_path / "a.parquet"))[0].problem.images[0].getpixel((0, 0)) == (0, 0, 255)


# ---- the hub, here a local folder that `datasets` reads


def test_datasets_reads_what_the_pocket_exports(tmp_path: Path):
    pytest.importorskip("datasets")
    list(export(iter(items("train", 3, seed=4)), tmp_path, "train"))
    config: DataConfig = HubDataConfig(source="hub", repository=str(tmp_path), trace_column="short_trace")
    found = open_data(config)
    expected = next(iter(items("train", 1, seed=4)))
    assert len(found) == 3
    assert found[0].problem.images[0].tobytes() == expected.problem().images[0].tobytes()
    assert found[0].demonstrations[0].trace == expected.short().trace


def test_a_data_set_that_is_not_there(tmp_path: Path):
    pytest.importorskip("datasets")
    with pytest.raises(InputError, match="cannot be loaded"):
        open_data(HubDataConfig(source="hub", repository=str(tmp_path / "nothing")))


# ---- the order


def test_the_order_visits_each_problem_once_an_epoch():
    order = ProblemOrder(5, seed=1)
    visits = order.take(3) + order.take(9)
    assert [visit.visit for visit in visits] == [0] * 5 + [1] * 5 + [2] * 2
    epochs = [[visit.index for visit in visits[start : start + 5]] for start in (0, 5)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(5))] * 2
    assert epochs[0] != epochs[1]


def test_the_order_goes_on_where_it_stopped():
    order = ProblemOrder(5, seed=1)
    order.take(7)
    resumed = ProblemOrder(5, seed=1, position=order.position)
    assert resumed.take(6) == order.take(6)
    assert ProblemOrder(5, seed=2).take(5) != ProblemOrder(5, seed=1).take(5)


def test_data_load_no_torch():
    code = "import sys, synergy.data.load, synergy.config.kinds; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
