"""Every reply that was ever had, in one SQLite file by the hash of what was asked: nothing is paid for twice.

A reply is committed before anything is made of it, so a killed process loses at most what was under way. After a power
cut the last seconds may be missing (WAL with synchronous NORMAL).
"""

import json
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synergy.data.pipeline.database import open_database, told_in_one_line

_TABLE = """
CREATE TABLE IF NOT EXISTS replies (
  key TEXT PRIMARY KEY,
  step TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  model TEXT NOT NULL,
  asked BLOB NOT NULL,
  text TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  tokens_are_estimated INTEGER NOT NULL,
  cost REAL NOT NULL,
  seconds REAL NOT NULL,
  answered_at REAL NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, kw_only=True)
class StoredReply:
    """A reply and what it took."""

    key: str
    step: str  #: the first step that asked for it
    endpoint: str
    model: str
    text: str
    finish_reason: str  #: as the server said; "unfit" where it would not take the request
    prompt_tokens: int
    completion_tokens: int
    tokens_are_estimated: bool  #: the server said nothing about tokens
    cost: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What replies took."""

    num_replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def num_tokens(self) -> int:
        """Prompts and replies together."""
        return self.prompt_tokens + self.completion_tokens


class ReplyStore:
    """The file; threads may share it, processes may not."""

    def __init__(self, path: Path) -> None:
        """Open or make it; raises FileError."""
        self.path = path
        self._lock = threading.Lock()
        self._database = open_database(path, _TABLE)

    def get(self, key: str) -> StoredReply | None:
        """The reply to the request of that key."""
        with self._lock, told_in_one_line(self.path):
            row = self._database.execute(f"SELECT {_COLUMNS} FROM replies WHERE key = ?", (key,)).fetchone()
        return None if row is None else _reply(row)

    def put(self, reply: StoredReply, asked: Mapping[str, Any]) -> None:
        """Keep a reply; it is on disk when this returns. Raises FileError where the disk is full or gone."""
        values = (
            *(getattr(reply, name) for name in _NAMES),
            zlib.compress(json.dumps(asked).encode()),
            time.time(),
        )
        marks = ", ".join("?" * len(values))
        with self._lock, told_in_one_line(self.path), self._database:
            self._database.execute(
                f"INSERT OR REPLACE INTO replies ({_COLUMNS}, asked, answered_at) VALUES ({marks})", values
            )

    def asked(self, key: str) -> dict[str, Any]:
        """What was asked, images by their hashes; raises KeyError for an unknown key."""
        with self._lock, told_in_one_line(self.path):
            row = self._database.execute("SELECT asked FROM replies WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return json.loads(zlib.decompress(row[0]))

    def spent(self) -> Spent:
        """By all replies in the file."""
        return next(iter(self._spent("'all'").values()), Spent())

    def spent_by_step(self) -> dict[str, Spent]:
        """By the step that asked first."""
        return self._spent("step")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _spent(self, by: str) -> dict[str, Spent]:
        with self._lock, told_in_one_line(self.path):
            rows = self._database.execute(
                f"SELECT {by}, COUNT(*), SUM(prompt_tokens), SUM(completion_tokens), SUM(cost) FROM replies GROUP BY 1"
            ).fetchall()
        return {
            name: Spent(num_replies=num, prompt_tokens=prompt, completion_tokens=completion, cost=cost)
            for name, num, prompt, completion, cost in rows
        }


_NAMES = tuple(StoredReply.__dataclass_fields__)
_COLUMNS = ", ".join(_NAMES)


def _reply(row: tuple[Any, ...]) -> StoredReply:
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    values["tokens_are_estimated"] = bool(values["tokens_are_estimated"])
    return StoredReply(**values)
