"""Contact sheets: pictures enlarged, with question, answer and trace under each, for people to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from PIL import Image, ImageDraw

from synergy.pocket.drawing import font
from synergy.pocket.world import Item

ENLARGEMENT = 4
COLUMNS = 4
_WIDTH, _MARGIN, _LINE = 460, 12, 16
_INK, _GREY, _PAPER = (30, 32, 38), (105, 110, 120), (255, 255, 255)


@dataclass(frozen=True)
class _Text:
    body: str
    ink: tuple[int, int, int]
    bold: bool = False

    def lines(self) -> list[str]:
        return wrap(self.body, width=64) or [""]


def _texts(item: Item, question: str, trace: str) -> list[_Text]:
    return [
        _Text(question, _INK, bold=True),
        _Text(f"Answer: {item.task.answer}", _INK),
        _Text(trace, _GREY),
        _Text(item.id, _GREY),
    ]


def contact_sheet(items: Sequence[Item], trace: str = "short") -> Image.Image:
    """An RGB sheet of all items, four to a row; `trace` is "short" or "long"."""
    panels = []
    for item in items:
        problem = item.problem()
        picture = problem.images[0]
        size = (picture.width * ENLARGEMENT, picture.height * ENLARGEMENT)
        demonstration = item.long() if trace == "long" else item.short()
        panels.append(
            (
                picture.resize(size, Image.Resampling.NEAREST),
                _texts(item, problem.question, demonstration.trace),
            )
        )
    columns = min(COLUMNS, len(panels))
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    heights = [max(_panel_height(*panel) for panel in row) for row in rows]
    sheet = Image.new("RGB", (columns * _WIDTH + _MARGIN, sum(heights) + _MARGIN), _PAPER)
    top = _MARGIN
    for row, height in zip(rows, heights, strict=True):
        for column, (picture, texts) in enumerate(row):
            _draw_panel(sheet, picture, texts, _MARGIN + column * _WIDTH, top)
        top += height
    return sheet


def _panel_height(picture: Image.Image, texts: list[_Text]) -> int:
    return picture.height + _LINE * sum(len(text.lines()) for text in texts) + 3 * _MARGIN


def _draw_panel(sheet: Image.Image, picture: Image.Image, texts: list[_Text], left: int, top: int) -> None:
    sheet.paste(picture, (left, top))
    draw = ImageDraw.Draw(sheet)
    y = top + picture.height + _MARGIN // 2
    for text in texts:
        face = font("Arimo-Bold" if text.bold else "Arimo-Regular", 13)
        for line in text.lines():
            draw.text((left, y), line, fill=text.ink, font=face)
            y += _LINE
