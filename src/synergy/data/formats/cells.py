"""Pictures in cells: what a cell gives a picture by, its bytes, and the cell of a new table. Decodes no pixels."""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from synergy.data.formats.format import ImageMode
from synergy.data.row_images import BROKEN
from synergy.errors import FileError, InputError
from synergy.grading.image_url import encoded_url

_URL = re.compile(r"data:image/[\w.+-]+;base64,(?P<data>.*)", re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """An encoded picture."""

    content: bytes
    kind: str  #: png, jpeg, webp …


def picture_cells(cell: object) -> list[object]:
    """A cell's pictures, one or a list, as bytes or paths in the form that `synergy.data.rows` reads."""
    if cell is None or cell == "":
        return []
    return [_plain(each) for each in cell] if isinstance(cell, list) else [_plain(cell)]


def load(cell: object, folder: Path) -> Picture:
    """A picture that can be opened, relative paths from `folder`; raises FileError for any other."""
    plain = _plain(cell)
    source = (plain.get("bytes") or plain.get("path")) if isinstance(plain, Mapping) else plain
    name = source if isinstance(source, str) else "bytes"
    if isinstance(source, str):
        path = folder / source
        if not path.is_file():
            raise FileError(f"the image {path} does not exist; expected an image file")
        try:
            source = path.read_bytes()
        except OSError as error:
            raise FileError(f"the image {path} cannot be read ({error.strerror}); expected an image file") from None
    if not isinstance(source, bytes):
        raise FileError("an image is neither bytes nor a path; expected one of them")
    try:
        with Image.open(io.BytesIO(source)) as opened:
            kind = (opened.format or "png").lower()
            opened.verify()
    except BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        raise FileError(f"cannot decode the image ({name}): {reason}; expected PNG or JPEG") from None
    return Picture(source, kind)


def cell_of(picture: Picture, images: ImageMode, path: str | None) -> object:
    """The new table's cell; `path` is where the picture was put for paths."""
    if images is ImageMode.BYTES:
        return {"bytes": picture.content, "path": None}
    if images is ImageMode.BASE64:
        return encoded_url(picture.content, picture.kind)
    assert path is not None, "paths are given for mode path"
    return path


def _plain(cell: object) -> object:
    """Base64 as bytes, verl's {"image": …} and file urls as what they name; anything else as it is."""
    if isinstance(cell, Mapping):
        if not (cell.get("bytes") or cell.get("path")) and cell.get("image") is not None:
            return _plain(cell["image"])
        return cell
    if isinstance(cell, str):
        match = _URL.fullmatch(cell)
        if match is not None:
            return {"bytes": from_base64(match["data"]), "path": None}
        return cell.removeprefix("file://")
    return cell


def from_base64(text: str) -> bytes:
    """The bytes; raises InputError for a text that is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f"an image is the text '{text[:40]}'; expected base64") from None
