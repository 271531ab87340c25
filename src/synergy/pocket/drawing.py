"""Scenes to pixels: varied fonts, sizes, colours and light noise, so that reading a cell is perception.

The pixels depend on the scene, on the random stream and, where glyphs are rasterised, on Pillow's version.
"""

from functools import cache, singledispatch
from importlib.resources import files
from io import BytesIO
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synergy.pocket.scenes import CELL_PIXELS, Cell, Scene

FONTS = ("Arimo-Regular", "Arimo-Bold", "Tinos-Bold", "Cousine-Bold", "Roboto-Medium")
PALETTE = {
    "red": (214, 45, 45),
    "green": (45, 160, 70),
    "blue": (50, 95, 215),
    "yellow": (238, 190, 30),
    "purple": (150, 65, 185),
}
BACKGROUNDS = ((250, 250, 248), (238, 241, 245), (245, 240, 230), (232, 240, 232))
INK, PALE_INK, LINE = (35, 38, 45), (250, 250, 250), (205, 208, 212)
COLOUR_JITTER = 16  #: largest shift of a channel, of 255
NOISE = 6  #: largest shift of a channel by pixel noise, of 255
CLUTTERED = 0.7  #: share of boards of bare digits that have shades and strokes behind them, and no lines
_SUPERSAMPLING = 4


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A shipped font at `size` pixels."""
    content = files("synergy.pocket").joinpath("fonts", f"{name}.ttf").read_bytes()
    return ImageFont.truetype(BytesIO(content), size)


@cache
def _digit_mask(name: str, size: int, digit: int) -> Image.Image:
    glyph = font(name, size)
    left, top, right, bottom = (int(edge) for edge in glyph.getbbox(str(digit)))
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).text((-left, -top), str(digit), fill=255, font=glyph)
    return mask


@cache
def _shape_mask(shape: str, radius: int) -> Image.Image:
    """A filled shape that touches all four sides of a square of 2·radius pixels."""
    side = 2 * radius * _SUPERSAMPLING
    mask = Image.new("L", (side, side))
    draw = ImageDraw.Draw(mask)
    if shape in ("circle", "dot"):
        draw.ellipse((0, 0, side - 1, side - 1), fill=255)
    elif shape == "square":
        draw.rectangle((0, 0, side - 1, side - 1), fill=255)
    elif shape == "triangle":
        draw.polygon(((side / 2, 0), (side - 1, side - 1), (0, side - 1)), fill=255)
    else:
        draw.polygon(((side / 2, 0), (side - 1, side / 2), (side / 2, side - 1), (0, side / 2)), fill=255)
    return mask.resize((2 * radius, 2 * radius), Image.Resampling.BOX)


def _shifted(colour: tuple[int, int, int], rng: Random) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, channel + rng.randint(-COLOUR_JITTER, COLOUR_JITTER))) for channel in colour)
    return red, green, blue


def _paste_centred(image: Image.Image, ink: tuple[int, int, int], mask: Image.Image, x: int, y: int) -> None:
    image.paste(ink, (x - mask.width // 2, y - mask.height // 2), mask)


def _draw_cell(image: Image.Image, cell: Cell, x: int, y: int, font_name: str, rng: Random) -> None:
    x, y = x + cell.offset[0], y + cell.offset[1]
    ink = INK
    if cell.shape is not None:
        fill = _shifted(PALETTE[cell.colour], rng) if cell.colour else INK
        _paste_centred(image, fill, _shape_mask(cell.shape, cell.radius), x, y)
        ink = INK if cell.colour == "yellow" else PALE_INK
        y += cell.radius // 3 if cell.shape == "triangle" else 0
    if cell.digit is not None:
        size = rng.randint(14, 16) if cell.shape else rng.randint(14, 18)
        _paste_centred(image, ink, _digit_mask(font_name, size, cell.digit), x, y)


def _draw_frame(image: Image.Image, scene: Scene) -> None:
    draw, side, c = ImageDraw.Draw(image), image.width, CELL_PIXELS
    if scene.style == "board":
        for edge in range(c, side, c):
            draw.line((edge, 0, edge, side), fill=LINE)
            draw.line((0, edge, side, edge), fill=LINE)
        return
    bottom = side - c
    for line in range(c // 2, bottom, c):
        draw.line((c, line, side, line), fill=LINE)
        if scene.style == "plot":
            draw.line((line + c, 0, line + c, bottom), fill=LINE)
    draw.line((c, 0, c, bottom), fill=INK)
    draw.line((c, bottom, side, bottom), fill=INK)
    if scene.curve:
        draw.line([(x * c, y * c) for x, y in scene.curve], fill=(130, 140, 160))


def _draw_clutter(image: Image.Image, scene: Scene, rng: Random) -> None:
    """Cells of their own shade under loose strokes, so that a digit is read wherever it stands."""
    c, background = CELL_PIXELS, image.getpixel((0, 0))
    assert isinstance(background, tuple)
    canvas = ImageDraw.Draw(image)
    for row, column in scene.positions():
        top = rng.randint(50, 100)
        for line in range(c):
            percent = top - 15 * line // c
            shade = (background[0] * percent // 100, background[1] * percent // 100, background[2] * percent // 100)
            y = (row - 1) * c + line
            canvas.line(((column - 1) * c, y, column * c - 1, y), fill=shade)
    for _ in range(rng.randint(1, 4)):
        x, y, radius = rng.randint(0, image.width), rng.randint(0, image.height), rng.randint(16, 40)
        ink = _shifted(PALETTE[rng.choice(tuple(PALETTE))], rng)
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), outline=ink, width=rng.randint(4, 6))


def _draw_bars(image: Image.Image, scene: Scene, rng: Random) -> None:
    """A bar cell is the top of a bar: it is filled from its cell's middle down to the axis."""
    draw, c = ImageDraw.Draw(image), CELL_PIXELS
    for row, column in scene.positions():
        cell = scene.at(row, column)
        if cell.shape == "bar" and cell.colour:
            x, top = (column - 1) * c, (row - 1) * c + c // 2
            margin = rng.randint(4, 7)
            box = (x + margin, top, x + c - margin, image.height - c - 1)
            draw.rectangle(box, fill=_shifted(PALETTE[cell.colour], rng))


def add_noise(image: Image.Image, rng: Random) -> Image.Image:
    """Uniform pixel noise of at most NOISE, the same on any machine."""
    pixels = np.asarray(image, dtype=np.int16)
    raw = np.frombuffer(rng.randbytes(pixels.size), dtype=np.uint8).reshape(pixels.shape)
    shifted = pixels + (raw.astype(np.int16) * (2 * NOISE + 1) >> 8) - NOISE
    return Image.fromarray(np.clip(shifted, 0, 255).astype(np.uint8))


def _is_all_digits(scene: Scene) -> bool:
    cells = [scene.at(*place) for place in scene.positions()]
    return scene.style == "board" and all(cell.shape is None and cell.digit is not None for cell in cells)


@singledispatch
def draw(picture: object, rng: Random) -> Image.Image:
    """An RGB picture whose sides are multiples of 28 pixels; each kind of picture registers its own way."""
    raise TypeError(f"no way to draw a {type(picture).__name__}")


@draw.register
def _(scene: Scene, rng: Random) -> Image.Image:
    side, c = scene.size * CELL_PIXELS, CELL_PIXELS
    image = Image.new("RGB", (side, side), _shifted(rng.choice(BACKGROUNDS), rng))
    if _is_all_digits(scene) and rng.random() < CLUTTERED:
        _draw_clutter(image, scene, rng)
    else:
        _draw_frame(image, scene)
    _draw_bars(image, scene, rng)
    font_name = rng.choice(FONTS)
    for row, column in scene.positions():
        cell = scene.at(row, column)
        if cell.shape != "bar" and (cell.shape is not None or cell.digit is not None):
            _draw_cell(image, cell, (column - 1) * c + c // 2, (row - 1) * c + c // 2, font_name, rng)
    return add_noise(image, rng)
