"""Fetching from a hub on this machine: resumed, checked, unpacked, and refused where it is not what it says."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback_hub import COMMIT, LoopbackHub, loopback_hub

from synergy.cli import run
from synergy.data.fetch import download as download_module
from synergy.data.fetch.download import download
from synergy.data.fetch.fetch import FETCHED, fetch, plan
from synergy.data.fetch.listing import Hub, list_files
from synergy.data.fetch.published import PUBLISHED, get_published
from synergy.data.fetch.unpack import safe_path, unpack
from synergy.data.formats.registry import FORMATS
from synergy.errors import FileError, InputError

EUREKA = PUBLISHED["mm_eureka"]
ROW = {
    "id": "a",
    "conversations": [{"role": "user", "content": "<image>Sum?"}],
    "answer": "3",
    "image_urls": ["K12/a.png"],
}


def _zip(members: dict[str, bytes], links: tuple[str, ...] = ()) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if name in links:
                info.external_attr = 0o120777 << 16
            opened.writestr(info, content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _tar(members: dict[str, bytes], link: str | None = None) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as opened:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
        if link is not None:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = tarfile.SYMTYPE, link
            opened.addfile(info)
    return file.getvalue()


@pytest.fixture
def files() -> dict[str, bytes]:
    noise = random.Random(0).randbytes(300_000)
    return {
        "dataset.jsonl": json.dumps(ROW).encode(),
        "images.zip": _zip({"K12/a.png": noise, "K12/b.png": b"b"}),
        "more.tar.gz": _tar({"MMPR/c.png": b"c"}),
        "README.md": b"not wanted",
    }


@pytest.fixture
def served(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    from huggingface_hub import constants

    with loopback_hub(LoopbackHub(EUREKA.repository, files, small=("dataset.jsonl",))) as hub:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", "secret")
        monkeypatch.setattr(download_module.time, "sleep", lambda seconds: None)
        yield hub


def _fetch(served: LoopbackHub, folder: Path, **settings: Any) -> dict[str, int]:
    hub = Hub(url=served.url, token="secret")
    return fetch(hub, EUREKA, plan(hub, EUREKA, None, folder, **settings), folder, lambda what, done, num: None)


def test_all_of_it_from_the_command_line(served: LoopbackHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "out"
    assert run(["data", "fetch", "mm_eureka", "--out", str(folder), "--yes"]) == 0
    said = capsys.readouterr().out
    assert f"commit {COMMIT}, licence apache-2.0, 0.3 MB" in said
    assert "images.zip: 2 files" in said
    assert (folder / "K12" / "b.png").read_bytes() == b"b"
    assert (folder / "MMPR" / "c.png").read_bytes() == b"c"
    assert not (folder / "README.md").exists()
    record = json.loads((folder / FETCHED).read_text())
    assert (record["commit"], record["complete"], record["licence"]) == (COMMIT, True, "apache-2.0")
    assert set(record["files"]) == {"dataset.jsonl", "images.zip", "more.tar.gz"}
    assert record["files"]["images.zip"]["sha256"]
    assert [path.name for path in folder.rglob(".*")] == []
    num = len(served.requests)
    assert run(["data", "fetch", "mm_eureka", "--out", str(folder), "--yes"]) == 0
    assert len(served.requests) == num + 1, "the listing alone"


def test_the_token_is_for_the_hub_alone(served: LoopbackHub, tmp_path: Path):
    _fetch(served, tmp_path)
    by_host = {path.startswith("/cdn/"): key for path, _, key in served.requests}
    assert by_host == {False: "Bearer secret", True: None}


def test_it_asks_first_and_takes_no_for_an_answer(
    served: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run(["data", "fetch", "mm_eureka", "--out", str(tmp_path / "out")]) == 0
    assert "fetch 0.3 MB?" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("has_ranges", [True, False])
def test_a_broken_download_goes_on(served: LoopbackHub, files: dict[str, bytes], has_ranges: bool, tmp_path: Path):
    served.has_ranges = has_ranges
    served.cut_at = 100_000
    if has_ranges:
        _fetch(served, tmp_path)
        assert served.bytes_sent == sum(len(files[name]) for name in files if name != "README.md"), "no byte twice"
    else:
        with pytest.raises(FileError, match=r"broken off at 100,000 of .* what is there is kept"):
            _fetch(served, tmp_path)
        served.cut_at = None
        _fetch(served, tmp_path)
    assert (tmp_path / "images.zip").read_bytes() == files["images.zip"]


def test_what_was_there_when_it_was_killed_is_kept(served: LoopbackHub, files: dict[str, bytes], tmp_path: Path):
    hub = Hub(url=served.url)
    (file,) = list_files(hub, EUREKA.repository, "main", ("images.zip",)).files
    (tmp_path / ".images.zip.partial").write_bytes(files["images.zip"][:200_000])
    url = f"{served.url}/cdn/images.zip"
    download(url, file, tmp_path / "images.zip", None, lambda num: None)
    assert served.requests[-1][1] == "bytes=200000-"
    assert (tmp_path / "images.zip").read_bytes() == files["images.zip"]


def test_wrong_contents_are_refused_and_deleted(served: LoopbackHub, tmp_path: Path):
    served.wrong = True
    with pytest.raises(FileError, match=r"dataset.jsonl: its git object is .*; expected .* is deleted"):
        _fetch(served, tmp_path)
    with pytest.raises(FileError, match=r"images.zip: its sha256 is .*; expected"):
        _fetch(served, tmp_path, only=("images.zip",))
    assert [path.name for path in tmp_path.iterdir()] == [FETCHED]
    served.wrong = False
    assert _fetch(served, tmp_path) == {"images.zip": 2, "more.tar.gz": 1}


def test_a_file_that_changed_on_disk_is_fetched_again(served: LoopbackHub, files: dict[str, bytes], tmp_path: Path):
    _fetch(served, tmp_path)
    content = files["dataset.jsonl"]
    (tmp_path / "dataset.jsonl").write_bytes(content[::-1])
    _fetch(served, tmp_path)
    assert (tmp_path / "dataset.jsonl").read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["geometry"], "unknown data set 'geometry' (did you mean 'geometry3k'?)"),
        (["mm_eureka", "--revision", "v9"], "at revision v9:"),
        (["mm_eureka", "--only", "*.csv"], "no file matches *.csv; it has: dataset.jsonl"),
        (["geometry3k"], "gated"),
    ],
)
def test_what_cannot_be_fetched_is_one_line(
    arguments: list[str], words: str, served: LoopbackHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["data", "fetch", *arguments, "--yes", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_holds_one_commit_of_one_data_set(served: LoopbackHub, tmp_path: Path):
    _fetch(served, tmp_path)
    record = json.loads((tmp_path / FETCHED).read_text())
    for changed, words in (({"commit": "f" * 40}, "holds commit f"), ({"repository": "other/one"}, "holds other/one")):
        (tmp_path / FETCHED).write_text(json.dumps({**record, **changed}))
        with pytest.raises(InputError, match=words):
            plan(Hub(url=served.url), EUREKA, "main", tmp_path)


def test_offline_is_respected(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["data", "fetch", "s1k", "--yes", "--out", str(tmp_path)]) == 2
    assert "HF_HUB_OFFLINE is set" in capsys.readouterr().err


def test_killed_and_run_again(served: LoopbackHub, files: dict[str, bytes], tmp_path: Path):
    served.cut_at = 2_000  # slow: a request for each piece
    command = [sys.executable, "-m", "synergy", "data", "fetch", "mm_eureka", "--yes", "--out", str(tmp_path)]
    environment = {**os.environ, "HF_ENDPOINT": served.url, "HF_HUB_OFFLINE": "0"}
    started = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    partial = tmp_path / ".images.zip.partial"
    deadline = time.monotonic() + 30
    while not (partial.exists() and partial.stat().st_size > 10_000) and time.monotonic() < deadline:
        threading.Event().wait(0.005)
    started.send_signal(signal.SIGKILL)
    started.wait()
    there = partial.stat().st_size
    served.cut_at, served.bytes_sent = None, 0
    assert subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode == 0
    assert (tmp_path / "images.zip").read_bytes() == files["images.zip"]
    assert served.bytes_sent == len(files["images.zip"]) - there + len(files["more.tar.gz"])


# ---- archives that are not trusted


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "C:\\evil", "..\\evil"])
def test_names_that_lead_out(name: str, tmp_path: Path):
    with pytest.raises(InputError, match="leads out of the folder"):
        safe_path(tmp_path, name)
    (tmp_path / "a.zip").write_bytes(_zip({name: b"x"}))
    with pytest.raises(InputError, match=r"a.zip: the name .* leads out of the folder"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_links_are_refused(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(_zip({"link": b"/etc"}, links=("link",)))
    with pytest.raises(InputError, match="is a link"):
        unpack(tmp_path / "a.zip", tmp_path)
    (tmp_path / "a.tar.gz").write_bytes(_tar({}, link="/etc"))
    with pytest.raises(InputError, match="no plain file"):
        unpack(tmp_path / "a.tar.gz", tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "there").symlink_to(tmp_path)
    with pytest.raises(InputError, match="through a link"):
        safe_path(tmp_path / "out", "there/evil")


def test_an_archive_that_grows_without_bounds(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(_zip({f"{number}": bytes(9_000_000) for number in range(9)}))
    with pytest.raises(InputError, match="grows beyond 67,108,864 bytes"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_broken_archive(name: str, tmp_path: Path):
    whole = _zip({"a": random.Random(1).randbytes(9000)}) if name == "a.zip" else _tar({"a": b"x" * 9000})
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match="cannot be unpacked"):
        unpack(tmp_path / name, tmp_path / "out")


def test_every_data_set_has_a_format_that_reads_it():
    assert {each.format for each in PUBLISHED.values()} <= set(FORMATS)
    assert get_published("s1k").repository == "simplescaling/s1K-1.1"
