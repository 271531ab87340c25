"""Cells: rows divided by ";", cells by ","; the score is the share of right cells, place by place.

White space and case do not count. The share is over the larger of the two grids, so that neither extra cells
nor extra rows help.
"""

from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, partial
from synergy.records import AnswerKind, Problem

_Grid = dict[tuple[int, int], str]


def _read(text: str, problem: Problem) -> _Grid | None:
    rows = unwrap(text).removesuffix(";").split(";")
    grid = {
        (row, column): " ".join(cell.split()).casefold()
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells.split(","))
    }
    return grid if any(grid.values()) else None


def _score(gold: _Grid, predicted: _Grid, problem: Problem) -> Comparison:
    hits = sum(predicted.get(place) == cell for place, cell in gold.items())
    share = hits / max(len(gold), len(predicted))
    return partial(share, "cells/hits", correct=gold == predicted)


CELLS = AnswerRule(AnswerKind.CELLS, _read, _score)
