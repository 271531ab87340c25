"""A cache of tensors, bounded by their bytes: what was not asked for longest goes first."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class ByteCache(Generic[V]):
    """Values by key, at most `limit_bytes` of them."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.num_bytes = 0
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        """How many values there are."""
        return len(self._values)

    def get(self, key: Hashable) -> V | None:
        """The value, now the most recent one; None where there is none."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def put(self, key: Hashable, value: V, num_bytes: int) -> None:
        """Keep a value of that size; one larger than the whole cache is not kept."""
        if num_bytes > self.limit_bytes or key in self._values:
            return
        self._values[key] = (value, num_bytes)
        self.num_bytes += num_bytes
        while self.num_bytes > self.limit_bytes:
            _, (_, freed) = self._values.popitem(last=False)
            self.num_bytes -= freed

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self.num_bytes = 0
