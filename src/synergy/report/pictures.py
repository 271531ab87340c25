"""Pictures of problems as data URIs, each once however many problems show it."""

import base64
import io
from hashlib import sha256
from pathlib import Path

from PIL import Image

MAX_BYTES = 4_000  #: a larger file is drawn anew, lossy: two thousand of them have to go into one page
MAX_SIDE = 768  #: pixels of such a picture's longer side
QUALITY = 80  #: WebP's, of 100; a picture of the pocket takes a tenth of its PNG
_STARTS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"))


class Pictures:
    """Data URIs in the order in which they were first asked for."""

    def __init__(self) -> None:
        self.uris: list[str] = []
        self.num_unreadable = 0
        self._numbers: dict[str, int | None] = {}
        self._of_path: dict[Path, int | None] = {}

    def number(self, path: Path) -> int | None:
        """The position of a file's picture in `uris`; None for a file that is missing or no picture."""
        if path not in self._of_path:
            self._of_path[path] = self._add(path)
        return self._of_path[path]

    @property
    def num_bytes(self) -> int:
        """Of all URIs together."""
        return sum(map(len, self.uris))

    def _add(self, path: Path) -> int | None:
        try:
            content = path.read_bytes()
        except OSError:
            self.num_unreadable += 1
            return None
        digest = sha256(content).hexdigest()
        if digest not in self._numbers:
            uri = data_uri(content)
            if uri is None:
                self.num_unreadable += 1
            else:
                self.uris.append(uri)
            self._numbers[digest] = None if uri is None else len(self.uris) - 1
        return self._numbers[digest]


def data_uri(content: bytes) -> str | None:
    """A picture file for a page; None for anything but pixels, as an SVG could hold more than a picture."""
    kind = next((kind for start, kind in _STARTS if content.startswith(start)), None)
    if kind is None and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "webp"
    if kind is None:
        return None
    if len(content) > MAX_BYTES:
        drawn = _drawn_anew(content)
        if drawn is None:
            return None
        if len(drawn) < len(content):
            kind, content = "webp", drawn
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _drawn_anew(content: bytes) -> bytes | None:
    try:
        with Image.open(io.BytesIO(content)) as image:
            shown = image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    shown.thumbnail((MAX_SIDE, MAX_SIDE))
    buffer = io.BytesIO()
    shown.save(buffer, format="WEBP", quality=QUALITY, method=0)
    return buffer.getvalue()
