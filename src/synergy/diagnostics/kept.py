"""Expensive results by what they were computed from: a killed diagnosis goes on, an unchanged one costs nothing."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from synergy.config.resolve import canonical_json
from synergy.evaluation.shards import write_whole


def kept(cache: Path, computed_from: dict[str, Any], compute: Callable[[], Any]) -> Any:
    """The JSON value that `compute` gives, from disk where it was computed from the same before.

    `computed_from` names everything that the value depends on: file hashes, settings, seeds, a version of the code.
    """
    path = cache / f"{hashlib.sha256(canonical_json(computed_from).encode()).hexdigest()[:24]}.json"
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["computed_from"] == computed_from:
            return stored["value"]
    value = json.loads(json.dumps(compute()))
    write_whole(path, [json.dumps({"computed_from": computed_from, "value": value}), "\n"])
    return value
