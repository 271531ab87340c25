"""Exactly the fields in which two configs differ. Empty just where their hashes are equal."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, NamedTuple

from synergy.config.base import Config
from synergy.config.resolve import canonical_json, resolved


class Absent(Enum):
    """The type of `ABSENT`, which stands where one side has no such field."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class Difference(NamedTuple):
    """One field that differs; a side is a JSON value or `ABSENT`."""

    path: str  #: dotted, list items by index
    left: Any
    right: Any


def diff(left: Config, right: Config) -> list[Difference]:
    """The differing fields in the left config's order, then those that only the right one has."""
    return list(_compare("", resolved(left), resolved(right)))


def _compare(path: str, left: Any, right: Any) -> Iterator[Difference]:
    if isinstance(left, list) and isinstance(right, list):
        left, right = dict(enumerate(left)), dict(enumerate(right))
    if isinstance(left, dict) and isinstance(right, dict):
        for key in [*left, *(key for key in right if key not in left)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from _compare(inner, left.get(key, ABSENT), right.get(key, ABSENT))
    elif ABSENT in (left, right) or canonical_json(left) != canonical_json(right):
        yield Difference(path, left, right)
