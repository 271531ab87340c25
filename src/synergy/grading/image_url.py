"""An image within a JSON text."""

import base64
import io

from PIL.Image import Image


def data_url(image: Image) -> str:
    """The image as a PNG within a url: its pixels arrive as they are."""
    file = io.BytesIO()
    image.save(file, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
