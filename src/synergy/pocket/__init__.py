"""The pocket: a procedural world of small pictures, and the tiny vision-language model that lives in it."""

from synergy.pocket.families import BASE_SKILL, FAMILIES, HELD_OUT_FAMILIES, TRAINING_FAMILIES
from synergy.pocket.world import SPLITS, Item, items, make_item, stream

__all__ = [
    "BASE_SKILL",
    "FAMILIES",
    "HELD_OUT_FAMILIES",
    "SPLITS",
    "TRAINING_FAMILIES",
    "Item",
    "items",
    "make_item",
    "stream",
]
