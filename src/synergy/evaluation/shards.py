"""Responses on disk, a file for each fixed group of problems: a killed evaluation loses at most the one under way.

A shard appears by rename when it is whole. When all are there they become one file, `responses.jsonl`.
"""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from synergy.errors import FileError
from synergy.evaluation.responses import Response, read_line


class Shards:
    """The responses of one evaluation."""

    def __init__(self, folder: Path, *, num_problems: int, problems_per_shard: int) -> None:
        self.whole = folder / "responses.jsonl"
        self.folder = folder / "shards"
        starts = range(0, num_problems, problems_per_shard)
        self.ranges = [range(start, min(start + problems_per_shard, num_problems)) for start in starts]

    @property
    def missing(self) -> list[int]:
        """Numbers of the shards that are not there yet."""
        if self.whole.exists():
            return []
        return [number for number in range(len(self.ranges)) if not self._path(number).exists()]

    def commit(self, number: int, responses: Iterable[Response]) -> None:
        """Write a shard; raises FileError where that fails."""
        write_whole(self._path(number), (response.line() for response in responses))

    def merge(self) -> list[Response]:
        """All responses in the order of problems, from now on in one file."""
        assert not self.missing, "merged when complete"
        if self.whole.exists():
            self._remove()
            return _read(self.whole)
        responses = [response for number in range(len(self.ranges)) for response in _read(self._path(number))]
        write_whole(self.whole, (response.line() for response in responses))
        self._remove()
        return responses

    def drop_failed(self) -> int:
        """Forget the shards that hold responses without an answer, so that they are asked for again; how many."""
        if self.whole.exists():
            responses = _read(self.whole)
            by_problem: dict[str, list[Response]] = {}
            for response in responses:
                by_problem.setdefault(response.problem_id, []).append(response)
            problems = list(by_problem.values())
            for number, members in enumerate(self.ranges):
                self.commit(number, [response for index in members for response in problems[index]])
            self.whole.unlink()
        numbers = [number for number in range(len(self.ranges)) if self._path(number).exists()]
        failed = [number for number in numbers if any(response.failed for response in _read(self._path(number)))]
        for number in failed:
            self._path(number).unlink()
        return len(failed)

    def _path(self, number: int) -> Path:
        return self.folder / f"shard_{number:05}.jsonl"

    def _remove(self) -> None:
        if not self.folder.exists():
            return
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a file so that a reader, or a restart after a power cut, finds all of it or none; raises FileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # mkstemp's own mode would hide the file from the group
        os.replace(name, path)
    except OSError as error:
        raise FileError(
            f"{path}: cannot be written ({error.strerror}); make room and run the same command again"
        ) from None


def _read(path: Path) -> list[Response]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); expected responses of this evaluation") from None
    return [read_line(line, str(path)) for line in lines]
