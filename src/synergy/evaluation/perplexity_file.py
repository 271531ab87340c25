"""One model's perplexities on disk, a line a problem, written batch by batch: a kill loses the batch under way."""

import json
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from synergy.errors import FileError, InputError
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.shards import write_whole


class PerplexityFile:
    """What was measured so far, and where more is put; a context."""

    def __init__(self, path: Path, model: ModelPart, prompt: str, ids: Sequence[str], batch: int) -> None:
        """`batch` problems are measured together; a batch that was cut off is measured anew.

        Raises InputError where the file holds another measurement, FileError where it cannot be written.
        """
        self._path, self._ids = path, ids
        digest = sha256(json.dumps(list(ids)).encode()).hexdigest()
        self._head: dict[str, Any] = {"model": model.model_dump(mode="json"), "prompt": prompt, "ids_sha256": digest}
        self.values = self._stored(batch)
        lines = [json.dumps(self._head) + "\n", *map(_line, self.values.items())]
        write_whole(path, lines)  # without a torn end
        self._file = path.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._file.close()

    def add(self, values: Mapping[str, float]) -> None:
        """Keep a batch; raises FileError where that fails."""
        try:
            self._file.writelines(map(_line, values.items()))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise FileError(f"{self._path}: cannot be written ({error.strerror}); make room and run again") from None
        self.values.update(values)

    def _stored(self, batch: int) -> dict[str, float]:
        if not self._path.exists():
            return {}
        lines = self._path.read_text(encoding="utf-8").split("\n")
        try:
            head = json.loads(lines[0])
        except ValueError:
            head = None
        if head != self._head:
            raise InputError(
                f"{self._path} holds perplexities of another model, prompt or problems; expected the same: give "
                "another --out or remove it"
            )
        found: dict[str, float] = {}
        for line in lines[1:-1]:  # what follows the last line break is torn, or nothing
            each = json.loads(line)
            found[each["id"]] = each["perplexity"]
        num_whole = len(found) if len(found) == len(self._ids) else len(found) // batch * batch
        return dict(list(found.items())[:num_whole])


def _line(item: tuple[str, float]) -> str:
    return json.dumps({"id": item[0], "perplexity": item[1]}) + "\n"
