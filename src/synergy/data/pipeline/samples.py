"""What became of each sample, in one SQLite file of the run: for resuming, the outputs, and whoever looks.

Rows belong to one pipeline: another config, template, function or table of problems empties the file, and what the
replies still answer is then not asked again.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synergy.data.pipeline.database import open_database, told_in_one_line
from synergy.data.pipeline.sample import UNREADABLE, Fate, Sample
from synergy.data.pipeline.steps.asking_step import UNFIT
from synergy.errors import FileError

SAMPLES = "samples.sqlite"
_TABLES = (
    """
CREATE TABLE IF NOT EXISTS samples (
  position INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL,
  fate TEXT NOT NULL,
  step TEXT NOT NULL,
  reason TEXT NOT NULL,
  record TEXT NOT NULL
)""",
    "CREATE TABLE IF NOT EXISTS pipeline (fingerprint TEXT NOT NULL)",
)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A sample that went through all steps, or as far as it came."""

    position: int  #: in the pipeline: sources one after the other
    key: str
    source: str
    fate: Fate
    step: str  #: where it was dropped or failed; empty for kept ones
    reason: str
    fields: dict[str, str]  #: at the end
    steps: list[dict[str, Any]]  #: `StepRecord.as_json` of each

    @property
    def outcome(self) -> str:
        """In words, such as "dropped by verify: wrong_answer"."""
        return "kept" if self.fate is Fate.KEPT else f"{self.fate} by {self.step}: {self.reason}"


def finished(position: int, sample: Sample) -> Finished:
    """A sample after its last step."""
    last = sample.records[-1] if sample.records else None
    is_out = last is not None and last.fate in (Fate.DROPPED, Fate.FAILED)
    return Finished(
        position=position,
        key=sample.key,
        source=sample.source,
        fate=last.fate if last is not None and is_out else Fate.KEPT,
        step=last.step if last is not None and is_out else "",
        reason=last.reason if last is not None and is_out else "",
        fields=dict(sample.fields),
        steps=[record.as_json() for record in sample.records],
    )


class SampleStore:
    """The file; threads may share it."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        """Open or make it for the pipeline of that fingerprint; raises FileError.

        What may go better this time is forgotten, so that it is tried again: samples without an answer, those whose
        request the server found unfit, which costs nothing, and those with an unreadable image.
        """
        self.path = path
        self._lock = threading.Lock()
        self._database = open_database(path, *_TABLES)
        with self._lock, told_in_one_line(path), self._database:
            known = self._database.execute("SELECT fingerprint FROM pipeline").fetchone()
            if known is None or known[0] != fingerprint:
                self._database.execute("DELETE FROM samples")
                self._database.execute("DELETE FROM pipeline")
                self._database.execute("INSERT INTO pipeline VALUES (?)", (fingerprint,))
            again = (Fate.FAILED, UNFIT, UNREADABLE)
            self._database.execute("DELETE FROM samples WHERE fate = ? OR reason IN (?, ?)", again)

    def put(self, sample: Finished) -> None:
        """Keep a sample; raises FileError."""
        record = json.dumps({"fields": sample.fields, "steps": sample.steps})
        row = (sample.position, sample.key, sample.source, sample.fate, sample.step, sample.reason, record)
        with self._lock, told_in_one_line(self.path), self._database:
            self._database.execute("INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def positions(self) -> set[int]:
        """Of the samples that are there."""
        with self._lock, told_in_one_line(self.path):
            return {position for (position,) in self._database.execute("SELECT position FROM samples")}

    def all(self) -> Iterator[Finished]:
        """In the order of positions."""
        return _read(self._database, self.path, "ORDER BY position")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()


def read_samples(folder: Path, where: str = "", values: Sequence[str] = ()) -> Iterator[Finished]:
    """Samples of a run's folder in order, those that an SQL condition picks; raises FileError where there are none."""
    path = folder / SAMPLES
    if not path.is_file():
        raise FileError(f"{folder}: holds no {SAMPLES}; expected the folder of `synergy data pipeline`")
    with told_in_one_line(path):
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        yield from _read(database, path, f"{'WHERE ' + where if where else ''} ORDER BY position", values)
    finally:
        database.close()


def _read(database: sqlite3.Connection, path: Path, rest: str, values: Sequence[str] = ()) -> Iterator[Finished]:
    with told_in_one_line(path):
        rows = database.execute(f"SELECT * FROM samples {rest}", values)
        for position, key, source, fate, step, reason, record in rows:
            held = json.loads(record)
            yield Finished(
                position=position,
                key=key,
                source=source,
                fate=Fate(fate),
                step=step,
                reason=reason,
                fields=held["fields"],
                steps=held["steps"],
            )
