"""A judge's replies on disk, one small file each, named by what was asked; several processes may share it."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synergy.errors import FileError


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a judge said, and what it cost."""

    text: str
    prompt_tokens: int
    completion_tokens: int


class JudgeCache:
    """A folder of replies; an unreadable file in it counts as absent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, asked: Mapping[str, Any]) -> Reply | None:
        """The reply to the same request, None where there is none yet."""
        try:
            stored = json.loads(self._path(asked).read_text(encoding="utf-8"))
            return Reply(**stored["reply"]) if stored["asked"] == asked else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, asked: Mapping[str, Any], reply: Reply) -> None:
        """Keep a reply, the whole file or none of it; raises FileError where the folder cannot be written."""
        path = self._path(asked)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".partial")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"asked": asked, "reply": asdict(reply)}, file)
            os.replace(name, path)
        except OSError as error:
            raise FileError(
                f"{self.folder}: the judge's reply cannot be kept ({error.strerror}); expected a writable folder: "
                "give another --judge-cache"
            ) from None

    def _path(self, asked: Mapping[str, Any]) -> Path:
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest}.json"


def default_folder() -> Path:
    """`synergy/judge` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "synergy" / "judge"
