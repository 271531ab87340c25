"""The pictures of a table's row: what they are given by, and what they look like on white."""

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from synergy.grading.image_url import png_bytes

#: what Pillow, and so `decoded`, raises for what is no sound picture; an UnidentifiedImageError is an OSError
BROKEN = (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)


def image_source(image: object) -> bytes | str | Image.Image | None:
    """What an image is given by: bytes, a path, or the image itself; None where it is not there."""
    if isinstance(image, Mapping):
        return image.get("bytes") or image.get("path") or None
    return image if isinstance(image, bytes | str | Image.Image) and image else None


def decoded(image: object, folder: Path) -> Image.Image:
    """The picture in RGB on white, relative paths from `folder`; raises one of `BROKEN` where it cannot be read."""
    source: Any = image_source(image)
    if source is None:
        raise ValueError("neither bytes nor a path")
    if isinstance(source, Image.Image):
        return _on_white(source)
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else folder / source) as opened:
        return _on_white(opened)


def image_bytes(image: object, folder: Path) -> tuple[bytes, str | None]:
    """The encoded picture and its name, where it has one; raises OSError where its file cannot be read."""
    source = image_source(image)
    name = image.get("path") if isinstance(image, Mapping) else None
    if isinstance(source, bytes):
        return source, name
    if isinstance(source, str):
        return (folder / source).read_bytes(), source
    assert isinstance(source, Image.Image), "pictures that are not there are no rows' own"
    return png_bytes(source), name


def _on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB as it looks on paper: dropping transparency would leave black lines on black."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    shown = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")
