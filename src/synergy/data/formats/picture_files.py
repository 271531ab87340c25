"""Pictures in a folder beside a table, each under the hash of its contents, so that equal ones are one file."""

import hashlib
from pathlib import Path

from synergy.data.formats.cells import Picture

_SUFFIXES = {"jpeg": "jpg"}


class PictureFiles:
    """The folder NAME_images of a table NAME."""

    def __init__(self, table: Path) -> None:
        self._folder = table.with_name(f"{table.stem}_images")
        self._made: list[Path] = []

    def put(self, picture: Picture) -> str:
        """The picture's path from the table's folder; raises OSError where it cannot be written."""
        digest = hashlib.sha256(picture.content).hexdigest()[:24]
        path = self._folder / f"{digest}.{_SUFFIXES.get(picture.kind, picture.kind)}"
        if not path.exists():
            partial = path.with_name(f".{path.name}.partial")
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                partial.write_bytes(picture.content)
                partial.replace(path)
            except OSError:
                partial.unlink(missing_ok=True)
                raise
            self._made.append(path)
        return f"{self._folder.name}/{path.name}"

    def remove(self) -> None:
        """Take back what was written, where the table was given up."""
        for path in self._made:
            path.unlink(missing_ok=True)
        if self._made and not any(self._folder.iterdir()):
            self._folder.rmdir()
