"""Finding a problem again from what a request shows of it: its pixels, its caption, its question."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from PIL.Image import Image

from synergy.pocket.families.locate import box_text
from synergy.pocket.scenes import Scene, place_name
from synergy.pocket.world import Item
from synergy.records import Problem


@dataclass(frozen=True)
class Known:
    """A problem of the index."""

    item: Item
    problem: Problem  #: without its picture

    @property
    def caption(self) -> str:
        """The picture in words that fix every answer about it."""
        return exact_caption(self.item)


class Index:
    """Problems by what is seen of them."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_pixels: dict[str, Known] = {}
        self._by_text: dict[tuple[str, str], Known] = {}
        self._by_question: dict[str, Known] = {}
        for item in items:
            known = Known(item, item.text_problem())
            for image in item.problem().images:
                self._by_pixels[_pixels(image)] = known
            question = known.problem.question
            self._by_text[known.caption, question] = known
            self._by_question[question] = known

    def of_image(self, image: Image) -> Known | None:
        """Any problem about the picture."""
        return self._by_pixels.get(_pixels(image))

    def of_texts(self, caption: str, question: str) -> Known | None:
        """The problem that these fix."""
        return self._by_text.get((caption, question))

    def of_question(self, question: str) -> Known | None:
        """Any problem that asks so; its answer need not be the wanted one, its kind of answer is."""
        return self._by_question.get(question)


def exact_caption(item: Item) -> str:
    """All cells, and of a board's objects their boxes, which the picture shows and its cells do not tell."""
    picture = item.task.picture
    if not isinstance(picture, Scene) or picture.style != "board":
        return picture.words()
    boxes = [
        f"{place_name(row, column)}: {box_text(picture.box(row, column))}"
        for row, column in picture.positions()
        if picture.at(row, column).shape is not None
    ]
    return f"{picture.words()} Boxes of the objects: {'; '.join(boxes)}." if boxes else picture.words()


def _pixels(image: Image) -> str:
    shown = image.convert("RGB")
    return hashlib.sha256(f"{shown.size}".encode() + shown.tobytes()).hexdigest()
