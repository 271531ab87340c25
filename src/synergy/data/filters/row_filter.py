"""What a filter is given and what it says; a filter is a function that is asked about each row in turn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL.Image import Image

from synergy.data.layouts.layout import Row
from synergy.data.likeness.pictures import Look, look, pixel_hash
from synergy.data.row_images import BROKEN, decoded


class Candidate:
    """A row that filters look at; pictures are decoded when the first of them asks, and once."""

    def __init__(self, row: Row, folder: Path, trace_column: str | None) -> None:
        """Relative paths of pictures start at `folder`."""
        self.row, self._folder, self._trace_column = row, folder, trace_column

    @property
    def id(self) -> str:
        """The problem's id."""
        return self.row["id"]

    @property
    def trace(self) -> str | None:
        """The demonstration's trace, None where the data has none."""
        return None if self._trace_column is None else self.row[self._trace_column]

    def text(self, names: Sequence[str]) -> str:
        """The texts of that name (question, choices, answer, trace) that the row has, as one, a line each."""
        values: dict[str, Any] = {**self.row, "trace": self.trace}
        found = [values.get(name) or "" for name in names]
        return "\n".join(part for value in found for part in (value if isinstance(value, list) else [value]) if part)

    @property
    def num_pictures(self) -> int:
        """How many it has, whether or not they can be decoded."""
        return len(self.row.get("images") or ())

    @cached_property
    def pictures(self) -> tuple[Image | None, ...]:
        """Its pictures; None in the place of one that cannot be decoded."""
        return tuple(self._decoded(image) for image in self.row.get("images") or ())

    @cached_property
    def pixel_hashes(self) -> tuple[str | None, ...]:
        """Of its pictures."""
        return tuple(None if image is None else pixel_hash(image) for image in self.pictures)

    @cached_property
    def looks(self) -> tuple[Look | None, ...]:
        """Of its pictures."""
        return tuple(None if image is None else look(image) for image in self.pictures)

    def _decoded(self, image: object) -> Image | None:
        try:
            return decoded(image, self._folder)
        except BROKEN:
            return None


@dataclass(frozen=True)
class Reason:
    """Why a row goes."""

    why: str  #: one of the filter's few words for it, such as "trace_too_long"
    like: str | None = None  #: the id of the row or problem that it is like, where that is why


@dataclass(frozen=True, kw_only=True)
class RowFilter:
    """One filter with what it has seen."""

    check: Callable[[Candidate], Reason | None]  #: why a row goes, None where it stays; asked once, in order
    measured: Callable[[], Mapping[str, Any]] = dict  #: what else it counted, as JSON values
