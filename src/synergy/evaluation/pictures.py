"""The pictures of an evaluation's problems as PNG files, each written once however many problems show it.

A page for each shard says which problem shows which; it is written before the shard, so that a resumed evaluation
decodes no picture twice.
"""

import io
import json
import os
import tempfile
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from PIL.Image import Image

from synergy.errors import FileError
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.shards import Shards, write_whole
from synergy.records import Problem

IMAGES = "images"
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
_COMPRESS_LEVEL = 1  #: pictures are looked at a few times and written thousands of times


class Pictures:
    """`images/` below an evaluation's folder."""

    def __init__(self, folder: Path, shards: Shards) -> None:
        self._folder = folder / IMAGES
        self._shards = shards

    def keep(self, number: int, problems: Sequence[Problem]) -> None:
        """Write the pictures of a shard's problems, then its page; raises FileError."""
        page = {problem.id: [self._write(image) for image in problem.images] for problem in problems}
        write_whole(self._page(number), [json.dumps(page), "\n"])

    def names(self, on: EvaluationSet) -> dict[str, list[str]]:
        """File names by problem; pages that are not there are made now."""
        found: dict[str, list[str]] = {}
        for number, indices in enumerate(self._shards.ranges):
            path = self._page(number)
            if not path.exists():
                self.keep(number, list(on.shown(indices)))
            found |= json.loads(path.read_text(encoding="utf-8"))
        return found

    def _page(self, number: int) -> Path:
        return self._shards.folder / f"pictures_{number:05}.json"

    def _write(self, image: Image) -> str:
        """The name of the picture's file, which its pixels give it."""
        digest = blake2b(f"{image.mode} {image.size}".encode(), digest_size=16)
        digest.update(image.tobytes())
        name = f"{digest.hexdigest()}.png"
        if not (self._folder / name).exists():
            buffer = io.BytesIO()
            shown = image if image.mode in _PNG_MODES else image.convert("RGB")
            shown.save(buffer, format="PNG", compress_level=_COMPRESS_LEVEL)
            self._write_bytes(name, buffer.getvalue())
        return name

    def _write_bytes(self, name: str, content: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=self._folder, prefix=f".{name}.")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(partial, 0o644)
            os.replace(partial, self._folder / name)
        except OSError as error:
            raise FileError(
                f"{self._folder / name}: cannot be written ({error.strerror}); make room and run the same command again"
            ) from None
