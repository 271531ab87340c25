"""The first stage: the vision tower learns to name single cells, before any language.

Without it the language model does not learn to see in any reasonable time. The three classifiers on top of the
merged patches are thrown away afterwards.
"""

from random import Random

import torch
from torch import nn

from synergy.pocket.drawing import draw
from synergy.pocket.families import BASE_SKILL, TRAINING_FAMILIES
from synergy.pocket.scenes import COLOURS, SHAPES, Cell, Scene
from synergy.pocket.tasks import LEVELS
from synergy.pocket.world import make_item

_COLOURS = (None, *COLOURS)
_SHAPES = (None, *SHAPES, "dot")
_DIGITS = (None, *range(10))
_FAMILIES = (*TRAINING_FAMILIES, BASE_SKILL, "sum", "sum")  #: digits on shapes are the hardest to read


class CellClassifier(nn.Module):
    """Colour, shape and digit of a cell from its visual token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(width, len(names)) for names in (_COLOURS, _SHAPES, _DIGITS))

    def losses(self, features: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The summed cross-entropy of the three parts, and the share of cells with all three right.

        features: [cells, width]; labels: [cells, 3].
        """
        loss = features.new_zeros(())
        right = torch.ones(len(labels), dtype=torch.bool)
        for head, target in zip(self.heads, labels.T, strict=True):
            logits = head(features)
            loss = loss + nn.functional.cross_entropy(logits, target)
            right &= logits.argmax(-1) == target
        return loss, right.float().mean()


def cell_labels(cell: Cell) -> tuple[int, int, int]:
    """Class indices of colour, shape and digit."""
    return (_COLOURS.index(cell.colour), _SHAPES.index(cell.shape), _DIGITS.index(cell.digit))


def cell_batch(seed: int, step: int, size: int) -> tuple[list, torch.Tensor]:
    """Pictures of the training families and the labels [cells, 3] of all their cells in reading order."""
    rng = Random(f"{seed}/cells/{step}")
    images, labels = [], []
    for row in range(size):
        family = rng.choice(_FAMILIES)
        item = make_item("train", family, rng.choice(LEVELS), 2_000_000 + step * size + row, seed)
        scene = item.task.picture
        assert isinstance(scene, Scene)
        images.append([draw(scene, Random(f"{item.id}/cells"))])
        labels += [cell_labels(scene.at(*place)) for place in scene.positions()]
    return images, torch.tensor(labels)
