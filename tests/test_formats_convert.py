"""Tables converted: every file type, pictures in every way, bad rows, what is lost and said."""

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from shared_data import FOLDER, shared_file

from synergy.cli import run
from synergy.config.data import FileDataConfig
from synergy.data.formats.convert import Conversion, Converted, convert
from synergy.data.formats.format import ImageMode
from synergy.data.formats.registry import FORMATS, WRITABLE, writable
from synergy.data.load import open_data
from synergy.data.row_stream import RowStream
from synergy.errors import FileError, InputError
from synergy.pocket.export import export
from synergy.pocket.world import items
from synergy.problem_columns import problem_schema
from synergy.prompts import BOXED

TRACED = problem_schema(("group", pa.string()), ("trace", pa.string()))


def _png(color: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (6, 4), color).save(file, format="PNG")
    return file.getvalue()


ROWS: list[dict[str, Any]] = [
    {
        "id": f"p{number}",
        "question": question,
        "answer": "B",
        "answer_kind": "option",
        "choices": ["cat", "dog"],
        "images": [{"bytes": _png(color), "path": None}],
        "source": "mine",
        "family": "pets",
        "level": 1 + number,
        "reference": None,
        "group": f"g{number}",
        "trace": f"It barks.\nSo it is {number}.",
    }
    for number, (question, color) in enumerate(
        (("Which? Ü 漢\n(A) cat (B) dog", "red"), ("Is <image> a word?", "blue"), ('"Quoted"\tand more', "red"))
    )
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "mine.parquet"
    path.parent.mkdir()
    pq.write_table(pa.Table.from_pylist(ROWS, TRACED), path)
    return path


def _convert(source: Path, out: Path, target: str = "synergy", **settings: Any) -> Converted:
    return convert(Conversion(source=source, out=out, target=writable(target), preset=BOXED, **settings))


@pytest.mark.parametrize(("name", "suffix"), [(name, suffix) for name in WRITABLE for suffix in FORMATS[name].suffixes])
def test_there_and_back_through_files(name: str, suffix: str, table: Path, tmp_path: Path):
    target = FORMATS[name]
    theirs, back = tmp_path / "out" / f"theirs{suffix}", tmp_path / "back.parquet"
    done = _convert(table, theirs, name)
    assert (done.table.num_rows, done.table.num_images, done.dropped) == (3, 3, [])
    assert dict(done.table.lost) == dict.fromkeys(target.cannot_hold, 3)
    assert [path.name for path in theirs.parent.glob(".*")] == []
    again = _convert(theirs, back)
    assert again.origin == ("synergy" if name == "plain" else name)
    expected = [{**row, **dict.fromkeys(target.cannot_hold)} for row in ROWS]
    assert pq.read_table(back).to_pylist() == expected


def test_pictures_in_files_are_shared_and_relative(table: Path, tmp_path: Path):
    out = tmp_path / "new" / "out.jsonl"
    _convert(table, out, "ms_swift", images=ImageMode.PATH)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    paths = [row["images"][0] for row in rows]
    assert paths[0] == paths[2] != paths[1]
    assert all(path.startswith("out_images/") for path in paths)
    assert len(list((tmp_path / "new" / "out_images").iterdir())) == 2
    assert (out.parent / paths[1]).read_bytes() == _png("blue")
    assert [row["messages"][0]["content"].count("<image>") for row in rows] == [1, 1, 1]
    (tmp_path / "new").rename(tmp_path / "moved")
    assert _convert(tmp_path / "moved" / "out.jsonl", tmp_path / "back.parquet").table.num_images == 3


def test_pictures_as_base64(table: Path, tmp_path: Path):
    _convert(table, tmp_path / "a.jsonl", "ms_swift", images=ImageMode.BASE64)
    row = json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()[0])
    kind, _, data = row["images"][0].partition(";base64,")
    assert kind == "data:image/png"
    assert base64.b64decode(data) == _png("red")
    with pytest.raises(InputError, match=r"--images bytes with a .jsonl file .* expected one of: path, base64"):
        _convert(table, tmp_path / "b.jsonl", "ms_swift", images=ImageMode.BYTES)


def test_what_training_reads_from_other_formats(table: Path, tmp_path: Path):
    """A data section names the format: no conversion is needed."""
    for name, suffix in (
        ("verl", ".parquet"),
        ("easyr1", ".jsonl"),
        ("ms_swift", ".jsonl"),
        ("trl_messages", ".parquet"),
    ):
        path = tmp_path / name / f"a{suffix}"
        _convert(table, path, name)
        traced = None if FORMATS[name].cannot_hold else "trace"
        found = open_data(
            FileDataConfig.model_validate(
                {"source": "file", "path": path, "layout": name, "trace_column": traced, "families": ("pets",)}
            )
        )
        assert list(found.ids) == ["p0", "p1", "p2"]
        assert found[1].problem.question == "Is <image> a word?"
        assert found[1].problem.images[0].getpixel((0, 0)) == (0, 0, 255)
        assert [each.trace for each in found[1].demonstrations] == (["It barks.\nSo it is 1."] if traced else [])


# ---- bad rows


def _bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.jsonl"
    good = {"question": "How many?", "answer": "3", "images": ["good.png"]}
    (tmp_path / "good.png").write_bytes(_png("red"))
    (tmp_path / "broken.png").write_bytes(_png("red")[:40])
    rows = [
        good,
        {**good, "images": ["missing.png"]},
        {**good, "images": ["broken.png"]},
        {**good, "answer": ""},
        {**good, "question": "half \ud800"},
        good,
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_a_bad_row_ends_it_and_nothing_is_left(tmp_path: Path):
    source, out = _bad(tmp_path), tmp_path / "out" / "table.jsonl"
    with pytest.raises(FileError, match=r"bad.jsonl, row 2: the image .*missing.png does not exist") as caught:
        _convert(source, out, images=ImageMode.PATH)
    assert "--skip-bad" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(out.parent.iterdir()) == []


def test_bad_rows_are_dropped_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source, out = _bad(tmp_path), tmp_path / "table.parquet"
    assert run(["data", "convert", str(source), str(out), "--skip-bad"]) == 0
    said = capsys.readouterr().out
    assert "2 of 6 rows, plain to synergy" in said
    assert "dropped: 4 rows" in said
    listed = [json.loads(line) for line in (tmp_path / "table.parquet.dropped.jsonl").read_text().splitlines()]
    assert [each["row"].rpartition(" ")[2] for each in listed] == ["2", "3", "4", "5"]
    whys = [each["why"] for each in listed]
    assert "does not exist" in whys[0]
    assert "cannot decode the image" in whys[1]
    assert "answer is ''" in whys[2]
    assert "half of a surrogate pair" in whys[3]
    assert len(pq.read_table(out)) == 2


def test_marks_that_are_not_as_many_as_pictures(tmp_path: Path):
    path = tmp_path / "a.json"
    (tmp_path / "a.png").write_bytes(_png("red"))
    path.write_text(json.dumps([{"problem": "<image><image>Which?", "answer": "3", "images": ["a.png"]}]))
    with pytest.raises(InputError, match=r"row 1: 2 <image> in the text with 1 pictures"):
        _convert(path, tmp_path / "out.parquet")


def test_doubled_ids_and_wrong_numbers_of_pictures(table: Path, tmp_path: Path):
    doubled = tmp_path / "d.parquet"
    pq.write_table(pa.Table.from_pylist([ROWS[0], ROWS[0]], TRACED), doubled)
    with pytest.raises(InputError, match="the id 'p0' is another row's, too"):
        _convert(doubled, tmp_path / "out.parquet")
    two = tmp_path / "two.parquet"
    pq.write_table(pa.Table.from_pylist([{**ROWS[0], "images": ROWS[0]["images"] * 2}], TRACED), two)
    with pytest.raises(InputError, match="2 pictures; expected 1 in format vlaa_thinking_sft"):
        _convert(two, tmp_path / "out.json", "vlaa_thinking_sft")


_FULL = """
import resource, signal, sys
from synergy.cli import run
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
sys.exit(run(["data", "convert", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl"])
def test_a_disk_that_is_full_is_one_line(name: str, table: Path, tmp_path: Path):
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-c", _FULL, str(table), str(tmp_path / "out" / name)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any((tmp_path / "out").rglob("*.*"))


def test_a_folder_that_is_a_file_is_one_line(table: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        _convert(table, tmp_path / "file" / "out.parquet")


def test_the_source_is_never_written_over(table: Path):
    with pytest.raises(InputError, match="is the source itself"):
        _convert(table, table)


# ---- maps, traces, dataset_info.json


def test_a_map_renames_columns_of_the_source(tmp_path: Path):
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"asked": "How many?", "gold": "3", "answer": "a guess"}))
    out = tmp_path / "out.parquet"
    assert run(["data", "convert", str(path), str(out), "--map", "question=asked", "--map", "answer=gold"]) == 0
    (row,) = pq.read_table(out).to_pylist()
    assert (row["id"], row["question"], row["answer"], row["answer_kind"]) == ("1", "How many?", "3", "number")


def test_a_map_names_columns_of_a_plain_target(table: Path, tmp_path: Path):
    out = tmp_path / "out.jsonl"
    assert run(["data", "convert", str(table), str(out), "--to", "plain", "--map", "question=problem"]) == 0
    row = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert row["problem"] == ROWS[0]["question"]
    assert "question" not in row


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--map", "question=no"], "no such column"),
        (["--map", "questoin=question"], "did you mean 'question'"),
        (["--map", "question"], "expected OURS=THEIRS"),
        (["--to", "vlaa"], "unknown format 'vlaa'"),
        (["--to", "puzzlevqa"], "format puzzlevqa can only be read"),
        (["--to", "vlmevalkit"], "expected a file ending in .tsv"),
        (["--prompt-preset", "box"], "unknown prompt preset"),
        (["--trace", "long_trace"], "--trace long_trace: no such column"),
    ],
)
def test_options_that_cannot_be(
    arguments: list[str], words: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out.parquet"
    assert run(["data", "convert", str(table), str(out), *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_a_trace_is_asked_for_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    list(export(items("train", 5), tmp_path, "train"))
    source, out = str(tmp_path / "train.parquet"), tmp_path / "train.json"
    command = ["data", "convert", source, str(out), "--to", "llamafactory_sharegpt"]
    assert run(command) == 2
    assert "name one of short_trace, long_trace with --trace" in capsys.readouterr().err
    (tmp_path / "dataset_info.json").write_text('{"theirs": {"file_name": "x.json"}}')
    assert run([*command, "--trace", "long_trace"]) == 0
    assert "columns left out: caption, short_trace, text_twin" in capsys.readouterr().out
    assert len(json.loads(out.read_text(encoding="utf-8"))) == 5
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert list(info) == ["theirs", "train"]
    assert info["train"]["file_name"] == "train.json"
    assert info["train"]["columns"] == {"messages": "conversations", "images": "images"}


def test_losses_are_said_with_counts(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["data", "convert", str(table), str(tmp_path / "out.parquet"), "--to", "verl"]) == 0
    said = capsys.readouterr().out
    assert "verl cannot hold trace: lost in 3 rows" in said
    assert "1 questions hold a word such as <image>" in said


def test_tags_of_difficulty_stay_in_ours(tmp_path: Path):
    path = tmp_path / "tagged.jsonl"
    tags = {"passrate_for_m": 13, "difficulty_level_for_m": "L1"}
    path.write_text(json.dumps({"question": "Sum?", "answer": "3", **tags}))
    _convert(path, tmp_path / "a.parquet")
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (row["passrate_for_m"], row["difficulty_level_for_m"], row["level"]) == (13 / 16, 1, 1)
    _convert(tmp_path / "a.parquet", tmp_path / "b.jsonl")
    assert json.loads((tmp_path / "b.jsonl").read_text())["passrate_for_m"] == 13 / 16


def test_the_documented_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    section = (Path(__file__).parents[1] / "docs" / "data.md").read_text().partition("## Data in other formats")[2]
    lines = section.split("```")[1].splitlines()
    commands = [line.partition("#")[0].split()[1:] for line in lines if line.startswith("synergy ")]
    assert [command[0] for command in commands] == ["pocket", "data", "data", "data", "data"]
    monkeypatch.chdir(tmp_path)
    for command in commands:
        assert run(command) == 0, command
    assert len(pq.read_table(tmp_path / "out" / "verl.parquet")) == 40


# ---- reading


def test_json_is_read_a_piece_at_a_time(tmp_path: Path):
    path = tmp_path / "a.json"
    rows = [{"text": 'x\\"]}' * number * 1000, "n": number} for number in range(60)]
    path.write_text(json.dumps(rows, indent=2))
    assert path.stat().st_size > 1 << 23
    assert list(RowStream(path)) == rows
    path.write_text(json.dumps({"7": {"a": 1}, "8": {"a": 2}}))
    assert list(RowStream(path)) == [{"id": "7", "a": 1}, {"id": "8", "a": 2}]
    path.write_text("[]")
    assert list(RowStream(path)) == []
    for broken, line in (('[{"a": 1},\n{"b"', 2), ('[{"a": 1}\n{"b": 2}]', 2), ('[{"a": 1}', 1), ('[{"a": tru}]', 1)):
        path.write_text(broken)
        with pytest.raises(InputError, match=f"line {line}: .* expected a JSON list of objects"):
            list(RowStream(path))


def test_one_object_that_is_no_table(tmp_path: Path):
    path = tmp_path / "one.json"
    path.write_text('{\n "question": "How many?",\n "answer": "3"\n}')
    with pytest.raises(InputError, match="an object whose 'question' holds str; expected a list of objects"):
        list(RowStream(path))


def test_formats_are_listed(capsys: pytest.CaptureFixture[str]):
    assert run(["data", "convert", "--formats"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in FORMATS)
    assert "--to" not in said


# ---- the published data, where they are


def test_the_exam_is_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = shared_file("mm_eureka_k12", "k12.json")
    assert run(["data", "convert", str(source), str(tmp_path / "out.parquet")]) == 0
    said = capsys.readouterr().out
    assert "437 of 500 rows, mm_eureka_k12 to synergy" in said
    assert "left out: 63 rows" in said
    direct = open_data(FileDataConfig(source="file", path=source, layout="mm_eureka_k12"))
    found = open_data(FileDataConfig(source="file", path=tmp_path / "out.parquet"))
    assert list(found.ids) == list(direct.ids)
    assert found[3].problem == direct[3].problem


def test_a_folder_of_puzzles_is_converted(tmp_path: Path):
    shared_file("puzzlevqa", "SOURCE.md")
    done = _convert(FOLDER / "puzzlevqa", tmp_path / "out.json", "llamafactory_sharegpt")
    assert (done.origin, done.table.num_rows, done.table.num_images) == ("puzzlevqa", 1000, 1000)


# ---- memory

_MANY = """
import sys
from pathlib import Path
from synergy.data.formats.convert import Conversion, convert
from synergy.data.formats.registry import writable
from synergy.prompts import BOXED
source, out, target = sys.argv[1:]
convert(Conversion(source=Path(source), out=Path(out), target=writable(target), preset=BOXED))
status = Path("/proc/self/status").read_text()  # not getrusage, which keeps the peak from before exec
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "name"), [("verl", "out.parquet"), ("vlmevalkit", "out.tsv"), ("plain", "out.jsonl")]
)
def test_a_hundred_thousand_pictures_fit_in_2_gb(target: str, name: str, tmp_path: Path):
    noise = [os.urandom(60 * 60 * 3) for _ in range(64)]
    pictures = []
    for pixels in noise:
        file = io.BytesIO()
        Image.frombytes("RGB", (60, 60), pixels).save(file, format="PNG")
        pictures.append(file.getvalue())
    source = tmp_path / "in.parquet"
    with pq.ParquetWriter(source, TRACED) as writer:
        for start in range(0, 100_000, 1000):
            rows = [
                {**ROWS[0], "id": str(n), "images": [{"bytes": pictures[n % 64], "path": None}]}
                for n in range(start, start + 1000)
            ]
            writer.write_table(pa.Table.from_pylist(rows, TRACED))
    command = [sys.executable, "-c", _MANY, str(source), str(tmp_path / name), target]
    peak_mb = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{target}: at most {peak_mb} MB")
    assert peak_mb < 2000
