"""What a format is. Knows nothing about files or about any framework."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pyarrow as pa

from synergy.data.layouts.layout import Layout, Row
from synergy.prompts import PromptPreset


class ImageMode(StrEnum):
    """How a table holds its pictures."""

    BYTES = "bytes"  #: encoded, in the cell itself
    BASE64 = "base64"  #: the same as text
    PATH = "path"  #: in files beside the table


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What a row is written for."""

    preset: PromptPreset  #: how questions are asked and responses laid out, where the format holds them so
    images: ImageMode
    index: int  #: of the row in the new table, from 0


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way of writing problems down.

    `layout` reads: a pure function from their row to ours. `write` is the way back; its row's `images` are already
    cells of the new table. Both raise InputError for a row that does not fit.
    """

    name: str
    layout: Layout
    detect: Callable[[Sequence[str], Row], bool] | None = None  #: from columns and a first row; None: by name alone
    write: Callable[[Row, Writing], dict[str, Any]] | None = None  #: None: can be read only
    suffixes: tuple[str, ...] = ()  #: of files that are written, the usual one first
    images: tuple[ImageMode, ...] = ()  #: how pictures can be written, the usual one first
    cannot_hold: frozenset[str] = frozenset()  #: our columns that are lost
    needs_trace: bool = False  #: whether every row must have a worked answer
    num_images: tuple[int, int | None] = (0, None)  #: the fewest and the most pictures of a row
    columns: Callable[[ImageMode], Sequence[tuple[str, pa.DataType]]] | None = None  #: in parquet
    dataset_info: Mapping[str, Any] = field(default_factory=dict)  #: its entry there, for LLaMA-Factory
    note: str = ""  #: what to know before using the file there
