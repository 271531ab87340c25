"""Pictures inside the page: each once, small, and nothing but pixels."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from synergy.report.pictures import MAX_SIDE, Pictures


def noise(path: Path, side: int) -> Path:
    pixels = np.random.default_rng(0).integers(90, 130, size=(side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_large_picture_is_drawn_anew_and_a_small_one_is_taken_as_it_is(tmp_path: Path):
    large, small = noise(tmp_path / "large.png", 1000), noise(tmp_path / "small.png", 28)
    pictures = Pictures()
    assert (pictures.number(large), pictures.number(small), pictures.number(large)) == (0, 1, 0)
    drawn, taken = pictures.uris
    assert taken == f"data:image/png;base64,{base64.b64encode(small.read_bytes()).decode()}"
    with Image.open(io.BytesIO(base64.b64decode(drawn.removeprefix("data:image/webp;base64,")))) as image:
        assert image.size == (MAX_SIDE, MAX_SIDE)
    assert len(drawn) < large.stat().st_size / 4


def test_what_is_no_picture_is_counted_and_not_shown(tmp_path: Path):
    drawing = tmp_path / "a.svg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>")
    pictures = Pictures()
    assert pictures.number(drawing) is None
    assert pictures.number(tmp_path / "missing.png") is None
    assert (pictures.uris, pictures.num_unreadable) == ([], 2)
