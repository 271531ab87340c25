"""Jigsaw pictures: a ring on a shaded ground, cut into nine tiles and shuffled.

The ring passes each tile differently and the ground darkens downwards, so the tiles alone fix the order; some
tiles also carry the number of their place, the fewer the harder.
"""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from synergy.pocket.drawing import INK, add_noise, draw, font
from synergy.pocket.scenes import CELL_PIXELS

SIDE = 3
PIECES = (
    "top left",
    "top middle",
    "top right",
    "middle left",
    "centre",
    "middle right",
    "bottom left",
    "bottom middle",
    "bottom right",
)


@dataclass(frozen=True)
class Puzzle:
    """A shuffled picture."""

    order: tuple[int, ...]  #: for each tile in reading order, its place 1 … 9 in the whole picture
    numbered: frozenset[int]  #: the places whose tiles carry their number
    hue: tuple[int, int, int]  #: of the ground at the top
    ring: tuple[int, int, int]
    radius: int  #: of the ring's outer edge, in pixels

    def tile_words(self, tile: int) -> str:
        """A tile in words: which piece it is, and its number where it carries one."""
        place = self.order[tile - 1]
        return PIECES[place - 1] + (f" {place}" if place in self.numbered else "")

    def caption(self) -> str:
        """All tiles in reading order, in the notation of the `cells` answer kind."""
        words = [self.tile_words(tile) for tile in range(1, 10)]
        return "; ".join(", ".join(words[start : start + SIDE]) for start in range(0, 9, SIDE))

    def order_text(self) -> str:
        """The places in reading order of the tiles, laid out as the picture is: "2, 7, 5; 1, 9, 3; 4, 6, 8"."""
        return "; ".join(", ".join(map(str, self.order[start : start + SIDE])) for start in range(0, 9, SIDE))

    def words(self) -> str:
        """The puzzle as prose, for text twins."""
        tiles = ", ".join(f"tile {tile} shows the {self.tile_words(tile)}" for tile in range(1, 10))
        return f"A picture was cut into 3 by 3 tiles and shuffled. {tiles}."


@draw.register
def _(puzzle: Puzzle, rng: Random) -> Image.Image:
    """84×84 pixels, each tile one cell."""
    whole = _whole(puzzle, rng)
    shuffled = Image.new("RGB", whole.size)
    c = CELL_PIXELS
    for index, place in enumerate(puzzle.order):
        row, column = divmod(place - 1, SIDE)
        tile = whole.crop((column * c, row * c, (column + 1) * c, (row + 1) * c))
        shuffled.paste(tile, (index % SIDE * c, index // SIDE * c))
    return add_noise(shuffled, rng)


def _whole(puzzle: Puzzle, rng: Random) -> Image.Image:
    side = SIDE * CELL_PIXELS
    image = Image.new("RGB", (side, side))
    canvas = ImageDraw.Draw(image)
    for y in range(side):
        shade = 1 - 0.55 * y / side
        red, green, blue = (int(channel * shade) for channel in puzzle.hue)
        canvas.line((0, y, side, y), fill=(red, green, blue))
    low, high = side // 2 - puzzle.radius, side // 2 + puzzle.radius
    canvas.ellipse((low, low, high, high), outline=puzzle.ring, width=6)
    glyphs = font("Arimo-Bold", rng.randint(14, 16))
    for place in sorted(puzzle.numbered):
        row, column = divmod(place - 1, SIDE)
        x, y = (column + 0.5) * CELL_PIXELS, (row + 0.5) * CELL_PIXELS
        canvas.text((x, y), str(place), fill=INK, font=glyphs, anchor="mm")
    return image
