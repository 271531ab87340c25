"""`describe` (the base skill): name every cell of the picture; what later training forgets shows here."""

from dataclasses import dataclass, replace
from random import Random

from synergy.pocket.boards import board, random_board
from synergy.pocket.scenes import EMPTY, Cell, Scene, Selector
from synergy.pocket.tasks import CHECKS, GOOD, PLANS, Family, Task, ending, sentences, sometimes_slip
from synergy.records import AnswerKind


@dataclass(frozen=True)
class DescribeTask(Task):
    """The caption as an answer."""

    picture: Scene

    @property
    def key(self) -> str:
        return "caption"

    @property
    def answer(self) -> str:
        return self.picture.caption()

    def reference_answer(self, rng: Random) -> str:
        """A hurried caption with a third of the cells misread (ours): nothing could beat the gold caption."""
        size = self.picture.size
        cells = [cell for row in self.picture.cells for cell in row]
        for index in rng.sample(range(len(cells)), len(cells) // 3):
            cells[index] = _misread(rng, cells[index])
        return board(cells, size).caption()

    def question(self, rng: Random) -> str:
        return rng.choice(
            (
                "Describe every cell of the picture, row by row.",
                "What is in each cell, from left to right and top to bottom?",
                "Read the picture cell by cell.",
            )
        )

    def short_trace(self, rng: Random) -> str:
        return sentences(f"{self.picture.size} rows", ending(rng, self.answer))

    def long_trace(self, rng: Random) -> str:
        scene = self.picture
        rows = [f"row {row}: {scene.row_words(row)}" for row in range(1, scene.size + 1)]
        slipped = rng.randrange(scene.size)
        wrong = list(scene.cells[slipped])
        wrong[0] = _misread(rng, wrong[0])
        misread = f"row {slipped + 1}: {', '.join(cell.words() for cell in wrong)}"
        rows[slipped] = sometimes_slip(rng, misread, rows[slipped])
        places = Selector().places(scene)
        counted = f"objects: {len(places)}"
        return sentences(
            f"{rng.choice(PLANS)}, {scene.size} rows of {scene.size} cells",
            ". ".join(rows),
            f"{rng.choice(CHECKS)}: {counted}",
            rng.choice(GOOD),
            ending(rng, self.answer),
        )


def _misread(rng: Random, cell: Cell) -> Cell:
    if cell.digit is not None:
        return replace(cell, digit=(cell.digit + rng.randint(1, 9)) % 10)
    return replace(EMPTY, colour="red", shape="circle") if cell.shape is None else EMPTY


def draw_describe(rng: Random, level: int) -> DescribeTask:
    """A random task: digits, shapes, shapes with digits on 3×3 cells; shapes, then a mixture, on 4×4."""
    if level == 1:
        return DescribeTask(board([Cell(digit=rng.randint(0, 9)) for _ in range(9)], 3))
    if level <= 3:
        return DescribeTask(random_board(rng, 3, num_empty=rng.randint(0, 1), digits=level == 3))
    scene = random_board(rng, 4, num_empty=rng.randint(0, 2))
    if level == 4:
        return DescribeTask(scene)
    cells = [cell for row in scene.cells for cell in row]
    for index in rng.sample(range(16), 6):
        cells[index] = Cell(digit=rng.randint(0, 9))
    return DescribeTask(board(cells, 4))


DESCRIBE = Family("describe", AnswerKind.CELLS, draw_describe, "names every cell of the picture")
