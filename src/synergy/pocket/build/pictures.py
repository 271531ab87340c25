"""The pictures that the build learns to see: those of the training families and of the base skill.

Some plots get dots in colours, which no family has: reading a value by a mark's colour is then practised on them, and
the held-out charts, which ask for it, stay unseen.
"""

from dataclasses import replace
from random import Random

from synergy.pocket.families import BASE_SKILL, TRAINING_FAMILIES
from synergy.pocket.families.describe import DESCRIBE, DescribeTask
from synergy.pocket.scenes import COLOURS, Scene
from synergy.pocket.tasks import LEVELS
from synergy.pocket.world import Item, make_item

#: boards with digits on their shapes are the rarest and the hardest to read, so `sum` comes more often
_FAMILIES = (*TRAINING_FAMILIES, BASE_SKILL, BASE_SKILL, "sum", "sum")
_COLOURED = 0.5  #: share of plots


def training_picture(rng: Random, index: int, seed: int, family: str | None = None) -> tuple[Item, Scene]:
    """A picture to describe, of that family if one is named, as an item of the base skill; and what it shows."""
    item = make_item("train", family or rng.choice(_FAMILIES), rng.choice(LEVELS), index, seed)
    scene = item.task.picture
    assert isinstance(scene, Scene)
    if scene.style == "plot" and rng.random() < _COLOURED:
        scene = _coloured(scene, rng)
    return Item(item.id, DESCRIBE, item.level, DescribeTask(scene)), scene


def _coloured(scene: Scene, rng: Random) -> Scene:
    """Its dots in different colours."""
    left = iter(rng.sample(COLOURS, len(COLOURS)))
    rows = (
        tuple(replace(cell, colour=next(left)) if cell.shape == "dot" else cell for cell in row) for row in scene.cells
    )
    return replace(scene, cells=tuple(rows))
