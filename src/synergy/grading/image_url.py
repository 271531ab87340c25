"""An image as PNG: bytes, or a url within a JSON text."""

import base64
import io

from PIL.Image import Image


def data_url(image: Image) -> str:
    """The image as a PNG within a url: its pixels arrive as they are."""
    return encoded_url(png_bytes(image), "png")


def encoded_url(encoded: bytes, kind: str) -> str:
    """An encoded image within a url; `kind` is png, jpeg, webp …"""
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"


def png_bytes(image: Image) -> bytes:
    """A PNG file; its pixels are as they are."""
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()
