"""The first stage: the vision tower learns to name single cells, before any language.

Without it the language model does not learn to see in any reasonable time. The classifiers on top of the
merged patches are thrown away afterwards.

A cell's place is named too: mRoPE gives the language model only relative positions, and a visual token that knows
its row and column can be asked for by them.
"""

from random import Random

import torch
from jaxtyping import Float, Int
from PIL.Image import Image
from torch import Tensor, nn

from synergy.pocket.drawing import draw
from synergy.pocket.families import BASE_SKILL, TRAINING_FAMILIES
from synergy.pocket.scenes import COLOURS, SHAPES, Scene
from synergy.pocket.tasks import LEVELS
from synergy.pocket.world import make_item

_COLOURS = (None, *COLOURS)
_SHAPES = (None, *SHAPES, "dot")
_DIGITS = (None, *range(10))
_PLACES = range(1, 5)
_CLASSES = (_COLOURS, _SHAPES, _DIGITS, _PLACES, _PLACES)
_FAMILIES = (*TRAINING_FAMILIES, BASE_SKILL, "sum", "sum")  #: digits on shapes are the hardest to read


class CellClassifier(nn.Module):
    """Colour, shape, digit, row and column of a cell from its visual token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(width, len(names)) for names in _CLASSES)

    def losses(
        self, features: Float[Tensor, "cells width"], labels: Int[Tensor, "cells 5"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """The summed cross-entropy of the five parts, and the share of cells with all five right."""
        loss = features.new_zeros(())
        right = torch.ones(len(labels), dtype=torch.bool)
        for head, target in zip(self.heads, labels.T, strict=True):
            logits = head(features)
            loss = loss + nn.functional.cross_entropy(logits, target)
            right &= logits.argmax(-1) == target
        return loss, right.float().mean()


def cell_labels(scene: Scene, row: int, column: int) -> tuple[int, ...]:
    """Class indices of colour, shape, digit, row and column."""
    cell = scene.at(row, column)
    looks = (_COLOURS.index(cell.colour), _SHAPES.index(cell.shape), _DIGITS.index(cell.digit))
    return (*looks, _PLACES.index(row), _PLACES.index(column))


def cell_batch(seed: int, step: int, size: int) -> tuple[list[list[Image]], Int[Tensor, "cells 5"]]:
    """Pictures of the training families and the labels of all their cells in reading order."""
    rng = Random(f"{seed}/cells/{step}")
    images, labels = [], []
    for row in range(size):
        family = rng.choice(_FAMILIES)
        item = make_item("train", family, rng.choice(LEVELS), 2_000_000 + step * size + row, seed)
        scene = item.task.picture
        assert isinstance(scene, Scene)
        images.append([draw(scene, Random(f"{item.id}/cells"))])
        labels += [cell_labels(scene, *place) for place in scene.positions()]
    return images, torch.tensor(labels)
