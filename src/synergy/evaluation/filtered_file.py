"""`filtered.json`: what a filtering was asked, and what became of the rows."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config
from synergy.config.data import DataConfig, FileDataConfig
from synergy.config.filters import FilterConfig
from synergy.config.load import load
from synergy.config.resolve import write_resolved
from synergy.data.filters.funnel import FilterCounts
from synergy.data.tables import tables_sha256
from synergy.errors import InputError
from synergy.evaluation.shards import write_whole

FILTERED = "filtered.json"
_REQUEST = "filter.json"
Number = Annotated[int, Field(ge=0)]


class FilterRequest(Config):
    """What a folder's answers of models were made for."""

    kind: Literal["filter_request"]
    config: FilterConfig
    data_sha256: str | None
    """of a file's contents; null for what has none"""


class FilteredFile(Config):
    """`filtered.json`."""

    kind: Literal["filtered"]
    request: FilterRequest
    num_in: Number
    num_out: Number
    by_source: dict[str, tuple[Number, Number]]
    """rows that came in, and those that stayed"""
    filters: tuple[FilterCounts, ...]
    """in order; each is shown what those before it left"""


def request_of(config: FilterConfig) -> FilterRequest:
    """The request that a config is, today; raises as the data's files do."""
    return FilterRequest(kind="filter_request", config=config, data_sha256=_sha256(config.data))


def claim(folder: Path, request: FilterRequest) -> None:
    """Make the folder this request's, whose models' answers it will hold; raises InputError where it is another's."""
    path = folder / _REQUEST
    if path.exists() and load(path, FilterRequest) != request:
        raise InputError(
            f"{folder} holds answers for other filters or other data; expected the same ({path}): give another --out "
            "or remove it"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_resolved(request, path)


def write_filtered(found: FilteredFile, folder: Path) -> None:
    """Write it whole or not at all; raises FileError."""
    write_whole(folder / FILTERED, [json.dumps(found.model_dump(mode="json"), indent=1), "\n"])


def _sha256(data: DataConfig) -> str | None:
    return tables_sha256(data.path) if isinstance(data, FileDataConfig) else None
