"""Which part of a data set a row belongs to, by a hash of its group: no list of ids to keep, no group in two parts."""

from hashlib import blake2b

from synergy.data.layouts.layout import Row

_BITS = 53  #: what a float holds exactly, so that no hash is rounded up to 1


def place(group: str) -> float:
    """Where in [0, 1) a group stands; the same on every machine."""
    digest = blake2b(group.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> (64 - _BITS)) / (1 << _BITS)


def in_part(row: Row, part: tuple[float, float] | None) -> bool:
    """Whether a row in our columns stands in [start, end); every row does in None."""
    return part is None or part[0] <= place(str(row.get("group") or row.get("id"))) < part[1]
