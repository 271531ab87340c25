"""Pieces of a response that know where in the picture they are read from: what attention is taught by."""

from collections.abc import Iterator
from dataclasses import dataclass

from synergy.pocket.scenes import Scene

Place = tuple[int, int]  #: row and column of a cell, both from 1


@dataclass(frozen=True)
class Piece:
    """Some consecutive text of a response."""

    text: str
    seen_at: tuple[Place, ...] = ()  #: the cells that say it; none where it isn't read from the picture
    given: bool = False  #: chosen by chance, not stated by the picture: conditioned on, not taught


def caption_pieces(scene: Scene) -> Iterator[Piece]:
    """The scene's caption, cell by cell."""
    for row, column in scene.positions():
        before = "" if (row, column) == (1, 1) else "; " if column == 1 else ", "
        yield Piece(before + scene.at(row, column).words(), ((row, column),))
