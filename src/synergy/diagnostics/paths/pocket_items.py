"""The pocket's own item behind a stored response, so that what the response states can be executed."""

import re
from functools import lru_cache

from synergy.diagnostics.samples import Sample
from synergy.pocket import FAMILIES, SPLITS, make_item
from synergy.pocket.world import Item

_ID = re.compile(
    r"(?P<split>[a-z]+)-(?P<family>[a-z]+)-(?P<level>[1-5])-(?P<index>\d+)-s(?P<seed>\d+)(?P<twin>-text)?(?:#\w+)?"
)


def item_of(sample: Sample) -> Item | None:
    """The item that its id names, None where there is none or it asks another question."""
    item = _item(sample.problem_id)
    return item if item is not None and item.question() in sample.question else None


@lru_cache(maxsize=1 << 14)
def _item(problem_id: str) -> Item | None:
    match = _ID.fullmatch(problem_id)
    if match is None or match["split"] not in SPLITS or match["family"] not in FAMILIES:
        return None
    return make_item(match["split"], match["family"], int(match["level"]), int(match["index"]), int(match["seed"]))
