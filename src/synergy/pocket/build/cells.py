"""The first stage: the vision tower learns to name single cells in the language model's own words, before any text.

A cell's features, brought to unit length, are compared with the token embeddings of its colour, shape, digit, row
and column, as an output layer would. So a visual token starts out as a sum of words and little else, which attention
can copy and look up; LOG.md has what other ways gave. The place is named because mRoPE tells the language model only
relative positions.
"""

from random import Random

import torch
from jaxtyping import Float, Int
from PIL.Image import Image
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from synergy.pocket.build.pictures import training_picture
from synergy.pocket.drawing import draw
from synergy.pocket.scenes import COLOURS, SHAPES, Scene, place_name

_COLOURS = (None, *COLOURS)
_SHAPES = (None, *SHAPES, "dot")
_DIGITS = (None, *range(10))
_PLACES = range(1, 5)
_SHARPNESS = 20.0  #: what the product of unit features and an embedding of about unit length is multiplied by

_DISTANCE_WEIGHT = 3.0  #: pulls features to the summed embeddings of their words, which the language model can read


def _words() -> list[list[str | None]]:
    """For each part of a cell, the token of each class as it stands within a text; None for "has none"."""
    looks = [[None if name is None else f" {name}" for name in names] for names in (_COLOURS, _SHAPES, _DIGITS)]
    places = [place_name(place, place) for place in _PLACES]
    return [*looks, [name[1] for name in places], [f" {name[0]}" for name in places]]


class CellClassifier(nn.Module):
    """Colour, shape, digit, row and column of a cell from its visual token."""

    def __init__(self, embeddings: Float[Tensor, "vocabulary width"], tokenizer: PreTrainedTokenizerFast) -> None:
        super().__init__()
        self._embeddings = embeddings.detach().clone()
        self._ids = [[_token_id(tokenizer, word) for word in words] for words in _words()]
        self.absent = nn.Parameter(torch.randn(len(self._ids), embeddings.shape[1]) * embeddings.std())

    def _heads(self) -> list[Float[Tensor, "classes width"]]:
        """For each part the embeddings of its words, with a vector of our own where there is no word."""
        return [
            torch.stack([self.absent[part] if token is None else self._embeddings[token] for token in ids])
            for part, ids in enumerate(self._ids)
        ]

    def losses(
        self, features: Float[Tensor, "cells width"], labels: Int[Tensor, "cells 5"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """The summed cross-entropy of the five parts, and the share of cells with all five right."""
        loss = features.new_zeros(())
        unit = nn.functional.normalize(features, dim=-1)
        right = torch.ones(len(labels), dtype=torch.bool)
        named = torch.zeros_like(features)
        for head, target in zip(self._heads(), labels.T, strict=True):
            logits = _SHARPNESS * unit @ head.T
            loss = loss + nn.functional.cross_entropy(logits, target)
            right &= logits.argmax(-1) == target
            named = named + head[target].detach()
        distance = 1 - nn.functional.cosine_similarity(features, named).mean()
        return loss + _DISTANCE_WEIGHT * distance, right.float().mean()


def _token_id(tokenizer: PreTrainedTokenizerFast, word: str | None) -> int | None:
    if word is None:
        return None
    (token,) = tokenizer.encode(word, add_special_tokens=False)
    return token


def cell_labels(scene: Scene, row: int, column: int) -> tuple[int, ...]:
    """Class indices of colour, shape, digit, row and column."""
    cell = scene.at(row, column)
    looks = (_COLOURS.index(cell.colour), _SHAPES.index(cell.shape), _DIGITS.index(cell.digit))
    return (*looks, _PLACES.index(row), _PLACES.index(column))


def cell_batch(seed: int, step: int, size: int) -> tuple[list[list[Image]], Int[Tensor, "cells 5"]]:
    """Pictures and the labels of all their cells in reading order."""
    rng = Random(f"{seed}/cells/{step}")
    images, labels = [], []
    for row in range(size):
        item, scene = training_picture(rng, _CELLS_START + step * size + row, seed)
        images.append([draw(scene, Random(f"{item.id}/cells"))])
        labels += [cell_labels(scene, *place) for place in scene.positions()]
    return images, torch.tensor(labels)


_CELLS_START = 2_000_000  #: items up to here are the later stages'
