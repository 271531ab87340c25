"""Parting a table: a parquet file for each part, and `split.json` with counts and leaks."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config
from synergy.config.data import FileDataConfig
from synergy.config.filters import NearDuplicatesFilter
from synergy.config.resolve import write_resolved
from synergy.data.kept_rows import schema_of, write_kept
from synergy.data.layouts.layout import Row
from synergy.data.leaks import LeakReport, find_leaks
from synergy.data.row_table import open_rows
from synergy.data.splitting import Splitting, part_rows
from synergy.data.tables import tables_sha256

SPLIT = "split.json"
Number = Annotated[int, Field(ge=0)]

#: told of a stage, how much of it is done, and of how much
OnStage = Callable[[str, int, int], None]


class SplitFile(Config):
    """`split.json`."""

    kind: Literal["split"]
    data: FileDataConfig
    data_sha256: str
    shares: dict[str, float]
    """of the parts, as asked"""
    by: str
    """what stays together"""
    stratify: tuple[str, ...]
    seed: Number
    num_rows: dict[str, Number]
    """of each part"""
    strata: dict[str, dict[str, Number]]
    """rows of each part by stratum"""
    likeness: NearDuplicatesFilter
    """what counts as nearly the same"""
    leaks: LeakReport


def split_table(
    data: FileDataConfig, splitting: Splitting, likeness: NearDuplicatesFilter, folder: Path, on_stage: OnStage
) -> SplitFile:
    """Write the parts and `split.json` to `folder`; raises as `open_rows`, `part_rows` and `write_kept` do."""
    table = open_rows(data)
    parted = part_rows(table, splitting)
    num = len(parted.names)
    leaks = find_leaks(table, parted.names, likeness, lambda done: on_stage("leaks", done, num))
    schema = schema_of(table)
    for number, name in enumerate(splitting.parts):

        def of_part(place: int, row: Row, name: str = name) -> Row | None:
            return row if parted.names[place] == name else None

        write_kept(folder / f"{name}.parquet", table, of_part, schema)
        on_stage("writing", number + 1, len(splitting.parts))
    counts = Counter(parted.names)
    found = SplitFile(
        kind="split",
        data=data,
        data_sha256=tables_sha256(data.path),
        shares=dict(splitting.parts),
        by=splitting.by,
        stratify=splitting.stratify,
        seed=splitting.seed,
        num_rows={name: counts[name] for name in splitting.parts},
        strata={stratum: dict(of_parts) for stratum, of_parts in parted.strata.items()},
        likeness=likeness,
        leaks=leaks,
    )
    write_resolved(found, folder / SPLIT)
    return found
