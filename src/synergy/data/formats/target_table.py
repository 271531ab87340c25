"""Rows of ours into a table in another format, pictures and all; what it cannot hold is counted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from synergy.data.formats.cells import cell_of, load
from synergy.data.formats.dataset_info import write_entry
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.marks import has_word
from synergy.data.formats.our_row import FIELDS
from synergy.data.formats.picture_files import PictureFiles
from synergy.data.formats.plain import PLAIN
from synergy.data.formats.synergy import SYNERGY
from synergy.data.formats.table_files import TableFile, open_table
from synergy.errors import InputError
from synergy.problem_columns import DECODED_IMAGES
from synergy.prompts import PromptPreset


class TargetTable:
    """A table to be written; what came of it is in its counts."""

    def __init__(
        self,
        path: Path,
        target: Format,
        preset: PromptPreset,
        images: ImageMode | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """`images` None for the usual way of format and file; `names` are the columns' for format plain.

        Raises InputError for a file or a way of pictures that the target has not.
        """
        self.path, self.target, self.preset = path, target, preset
        self.images = _checked(path, target, images)
        self.num_rows = self.num_images = 0
        self.num_escaped = 0  #: rows with a word that looks like a mark for a picture
        self.lost = Counter[str]()  #: rows by our column that the target cannot hold
        self._names = dict(names or {})
        self._pictures = PictureFiles(path) if self.images is ImageMode.PATH else None
        self._file: TableFile | None = None
        self._tags: tuple[str, ...] = ()

    @contextmanager
    def open(self, tags: Sequence[str] = ()) -> Iterator[None]:
        """Write within the block; the table appears when it ends well. `tags` are further columns for ours."""
        self._tags = tuple(tags)
        columns = [] if self.target.columns is None else list(self.target.columns(self.images))
        if self.target is SYNERGY:
            columns += [(name, pa.float64() if name.startswith("passrate") else pa.int64()) for name in tags]
        metadata = DECODED_IMAGES if self.images is ImageMode.BYTES else {}
        try:
            with open_table(self.path, columns, metadata) as self._file:
                yield
        except BaseException:
            if self._pictures is not None:
                self._pictures.remove()
            raise
        finally:
            self._file = None
        if self.target.dataset_info:
            write_entry(self.path, self.target.dataset_info)

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row (`our_row.checked`), whose images are pairs of a cell and the folder that its path starts at.

        Raises InputError and FileError for a row that cannot be written.
        """
        assert self._file is not None, "rows are added within open()"
        assert self.target.write is not None, "only formats that can be written are targets"
        given: list[tuple[object, Path]] = row["images"]
        self._check_number(len(given))
        further = [name for name in row if name not in FIELDS and name not in self._tags]
        if further:
            raise InputError(f"column {further[0]}, which the first row has not; expected the same columns in all rows")
        loaded = [load(cell, folder) for cell, folder in given]
        cells = [cell_of(each, self.images, self._pictures.put(each) if self._pictures else None) for each in loaded]
        writing = Writing(preset=self.preset, images=self.images, index=self.num_rows)
        theirs = self.target.write({**row, "images": cells}, writing)
        if self.target is PLAIN:
            theirs = {self._names.get(name, name): value for name, value in theirs.items()}
        self._file.add(theirs)
        self.num_rows += 1
        self.num_images += len(loaded)
        self.num_escaped += self.target is not SYNERGY and has_word(row["question"])
        self.lost.update(name for name in self.target.cannot_hold if row[name] not in (None, [], ""))

    def _check_number(self, num: int) -> None:
        fewest, most = self.target.num_images
        if num < fewest or (most is not None and num > most):
            expected = f"{fewest}" if most == fewest else f"{fewest} to {'any number' if most is None else most}"
            raise InputError(f"{num} pictures; expected {expected} in format {self.target.name}")


def _checked(path: Path, target: Format, images: ImageMode | None) -> ImageMode:
    if path.suffix not in target.suffixes:
        raise InputError(f"{path}: expected a file ending in {', '.join(target.suffixes)}, as format {target.name} has")
    possible = [each for each in target.images if each is not ImageMode.BYTES or path.suffix == ".parquet"]
    if images is None:
        return ImageMode.BYTES if ImageMode.BYTES in possible else possible[0]
    if images not in possible:
        raise InputError(
            f"--images {images} with a {path.suffix} file of format {target.name}; expected one of: "
            f"{', '.join(possible)}"
        )
    return images
