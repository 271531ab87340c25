"""Image columns in every layout: encoded bytes, base64, a path, the hub's structs, lists of them, several columns.

An image's *source* is kept until the picture is asked for, as thousands of decoded ones would not fit in memory.
"""

import base64
import binascii
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

from synergy.benchmarks.benchmark import Row
from synergy.benchmarks.columns import is_empty
from synergy.data.options import literal_list
from synergy.data.row_images import BROKEN
from synergy.errors import FileError

Source = bytes | Path | Image.Image

#: Where a prepared row keeps its sources.
SOURCES = "images"
_NUMBERED = tuple(f"image_{number}" for number in range(1, 8))  # MMMU's image_1 … image_7
#: Every column that may hold images; the first of them that does is taken, the numbered ones together.
IMAGE_COLUMNS = ("decoded_image", *_NUMBERED, SOURCES, "image", "image_path")
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")


def images_of(row: Row) -> tuple[Image.Image, ...]:
    """The row's pictures in RGB; raises FileError where one cannot be decoded."""
    return tuple(_decode(source) for source in sources(row, Path()))


def sources(row: Row, folder: Path) -> tuple[Source, ...]:
    """Where the row's pictures are; relative paths start at `folder`. Raises FileError for what is no picture."""
    for names in (("decoded_image",), _NUMBERED, (SOURCES,), ("image",), ("image_path",)):
        found = tuple(source for name in names for source in _in_cell(row.get(name), folder))
        if found:
            return found
    return ()


def check(source: Source) -> None:
    """Raise FileError where a source is no picture; its pixels are not all decoded."""
    if isinstance(source, Image.Image):
        return
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
            opened.verify()
    except BROKEN as error:
        raise _undecodable(source, error) from None


def _decode(source: Source) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.convert("RGB")
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
            return opened.convert("RGB")
    except BROKEN as error:
        raise _undecodable(source, error) from None


def _in_cell(cell: object, folder: Path) -> Iterator[Source]:
    if isinstance(cell, Mapping):  # the hub's: {"bytes": …, "path": …}
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, Sequence) and not isinstance(cell, str | bytes):
        for item in cell:
            yield from _in_cell(item, folder)
    elif isinstance(cell, bytes | Path | Image.Image):
        yield cell
    elif isinstance(cell, str) and not is_empty(cell):
        items = literal_list(cell) if len(cell) < 10_000 else _long_list(cell)
        if items is not None:
            yield from _in_cell(items, folder)
        else:
            yield _in_text(cell.strip(), folder)
    elif not is_empty(cell):
        raise FileError(f"an image is given by {type(cell).__name__}; expected bytes, base64 or a path")


def _long_list(cell: str) -> list[str] | None:
    """VLMEvalKit's several images in one cell: a list of base64 texts, megabytes long, so taken apart by hand."""
    if not cell.startswith("["):
        return None
    return [item.strip().strip("'\"") for item in cell.strip().strip("[]").split(",")]


def _in_text(cell: str, folder: Path) -> Source:
    if cell.lower().endswith(_SUFFIXES):
        path = folder / cell
        if not path.is_file():
            raise FileError(f"the image {path} does not exist; expected an image file")
        return path
    try:
        return base64.b64decode(cell, validate=True)
    except (binascii.Error, ValueError):
        raise FileError(f"an image is the text '{cell[:40]}'; expected base64 or a path to an image file") from None


def _undecodable(source: bytes | Path, error: BaseException) -> FileError:
    name = "bytes" if isinstance(source, bytes) else str(source)
    return FileError(f"cannot decode the image ({name}): {' '.join(str(error).split())[:200]}; expected PNG or JPEG")
