"""Boxes: four numbers; the score is the IoU (2504.11468, section 4.1).

The study shows "[0.1, 0.2, 0.7, 0.5]" and names neither corner order nor clipping: `Problem.box_format` declares order
and range, they are never guessed from the values, and a box that is reversed, empty or outside the image is no box.
"""

import re
from typing import NamedTuple

from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, partial
from synergy.records import AnswerKind, BoxFormat, Problem

#: From this IoU on a box counts as correct: the customary threshold of grounding benchmarks, ours to choose.
_CORRECT_IOU = 0.5
_ABSOLUTE = frozenset({BoxFormat.CORNERS_ABSOLUTE, BoxFormat.SIZE_ABSOLUTE})
_ROUNDING = 1e-9  # of left + width
_MAX_COORDINATE_CHARACTERS = 24
_COORDINATE = re.compile(r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


def _read(text: str, problem: Problem) -> _Box | None:
    parts = _without_brackets(unwrap(text)).replace(",", " ").split()
    if len(parts) != 4 or not all(_is_coordinate(part) for part in parts):
        return None
    left, top, third, fourth = map(float, parts)
    has_size = problem.box_format in (BoxFormat.SIZE, BoxFormat.SIZE_ABSOLUTE)
    box = _Box(left, top, left + third, top + fourth) if has_size else _Box(left, top, third, fourth)
    # a sign other than + is not read, so no coordinate is below 0
    inside = problem.box_format in _ABSOLUTE or max(box) <= 1.0 + _ROUNDING
    return box if inside and box.left < box.right and box.top < box.bottom else None


def _without_brackets(text: str) -> str:
    return text[1:-1] if text[:1] + text[-1:] in ("[]", "()") else text


def _is_coordinate(text: str) -> bool:
    return len(text) <= _MAX_COORDINATE_CHARACTERS and _COORDINATE.fullmatch(text) is not None


def _score(gold: _Box, predicted: _Box, problem: Problem) -> Comparison:
    width = min(gold.right, predicted.right) - max(gold.left, predicted.left)
    height = min(gold.bottom, predicted.bottom) - max(gold.top, predicted.top)
    overlap = max(width, 0.0) * max(height, 0.0)
    iou = overlap / (gold.area + predicted.area - overlap)
    return partial(min(iou, 1.0), "box/iou", correct=iou >= _CORRECT_IOU)


BOX = AnswerRule(AnswerKind.BOX, _read, _score)
