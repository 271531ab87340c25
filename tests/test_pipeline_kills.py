"""A pipeline that is killed twice before a server that misbehaves: nothing lost, nothing answered asked again."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from pipeline_cases import endpoint, questions

from synergy.data.pipeline.replies import ReplyStore
from synergy.data.pipeline.samples import read_samples

MISBEHAVING = Path(__file__).with_name("misbehaving.py")
CONCURRENCY = 64


@contextmanager
def misbehaving(log: Path, seed: str) -> Iterator[str]:
    """Its url."""
    log.touch()
    with subprocess.Popen([sys.executable, str(MISBEHAVING), str(log), seed], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        try:
            yield f"http://127.0.0.1:{run.stdout.readline().strip()}"
        finally:
            run.kill()


def asked(log: Path) -> list[str]:
    """The questions in the order in which they came; a half-written last line is left out."""
    lines = log.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


def kept(folder: Path) -> set[str]:
    """The questions whose replies are on disk."""
    path = folder / "replies.sqlite"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as database:
        keys = [key for (key,) in database.execute("SELECT key FROM replies")]
    with closing(ReplyStore(path)) as store:
        texts = [store.asked(key)["messages"][-1]["content"] for key in keys]
    return {text.partition("<question>")[2].partition("<")[0] for text in texts}


def write_config(path: Path, url: str, data: dict[str, Any]) -> Path:
    values = {
        "kind": "pipeline",
        "sources": {"questions": {"data": data}},
        "endpoints": {"only": endpoint(url, concurrency=CONCURRENCY, max_retries=5)},
        "steps": [{"step": "distil", "endpoints": {"only": 1.0}}, {"step": "split"}],
    }
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def command(config: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "synergy", "data", "pipeline", str(config), "--out", str(out)]


def run_and_kill(config: Path, out: Path, log: Path, num_requests: int) -> None:
    """SIGKILL when the log has so many lines."""
    with subprocess.Popen(command(config, out), stdout=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 300
        while len(log.read_bytes().splitlines()) < num_requests:
            assert run.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)


def outcome(folder: Path) -> tuple[list[Any], dict[str, list[Any]], Any]:
    """All that a run leaves, apart from times."""
    samples = list(read_samples(folder))
    tables = {name: pq.read_table(folder / f"{name}.parquet").to_pylist() for name in ("rl", "sft")}
    return samples, tables, json.loads((folder / "funnel.json").read_text())


@pytest.mark.parametrize("num", [300, pytest.param(5000, marks=pytest.mark.slow)])
def test_killed_twice_it_ends_as_if_undisturbed(num: int, tmp_path: Path) -> None:
    data = questions(tmp_path / "q.jsonl", num)
    log, quiet = tmp_path / "asked.log", tmp_path / "undisturbed.log"
    with misbehaving(quiet, "1") as url:
        config = write_config(tmp_path / "undisturbed.yaml", url, data)
        subprocess.run(command(config, tmp_path / "undisturbed"), check=True, stdout=subprocess.DEVNULL)
    with misbehaving(log, "2") as url:
        config = write_config(tmp_path / "killed.yaml", url, data)
        when_killed: list[tuple[set[str], int]] = []
        for share in (0.3, 0.7):
            run_and_kill(config, tmp_path / "killed", log, int(share * num))
            when_killed.append((kept(tmp_path / "killed"), len(asked(log))))
        subprocess.run(command(config, tmp_path / "killed"), check=True, stdout=subprocess.DEVNULL)
    for answered, num_asked in when_killed:
        assert len(answered) > 0.1 * num
        assert not answered & set(asked(log)[num_asked:]), "what was answered is never asked again"
    assert outcome(tmp_path / "killed") == outcome(tmp_path / "undisturbed")
    assert kept(tmp_path / "killed") == {f"q {number}" for number in range(num)}
    funnel = outcome(tmp_path / "killed")[2]["sources"]["questions"]
    assert funnel["num_rl"] + sum(funnel["steps"][1]["dropped"].values()) == num
