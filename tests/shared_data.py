"""Where published data for tests lie: the folder in SYNERGY_SHARED_DATA, else `shared/data` beside the repository."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("SYNERGY_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")


def shared_file(*parts: str) -> Path:
    """The file; the test that asks for it is skipped where it is absent."""
    path = FOLDER.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"{path} is not there: published data are not part of the repository (SYNERGY_SHARED_DATA)")
    return path


def shared_json(*parts: str) -> Any:
    """The contents of a JSON file."""
    return json.loads(shared_file(*parts).read_text(encoding="utf-8"))


def shared_lines(*parts: str) -> list[dict[str, Any]]:
    """The objects of a JSON lines file, compressed or not."""
    raw = shared_file(*parts).read_bytes()
    text = (gzip.decompress(raw) if parts[-1].endswith(".gz") else raw).decode("utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]
