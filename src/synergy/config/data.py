"""Where problems, and for imitation the demonstrations, come from."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]


class DataSection(Config):
    """What every source of problems can be narrowed to."""

    families: tuple[str, ...] | None = None
    """the kinds of task to take; null for all (of the pocket: its training families)"""
    levels: tuple[int, ...] | None = None
    """the difficulties to take, 1 (easiest) … 5; null for all"""


class PocketDataConfig(DataSection):
    """Problems of the built-in visual world."""

    source: Literal["pocket"]
    """the source"""
    num_problems: Count
    """how many problems; families and levels take turns"""
    split: str = "train"
    """train, validation or evaluation: they share no problem"""
    seed: Annotated[int, Field(ge=0)] = 0
    """another seed gives other problems"""
    trace: Literal["short", "long"] = "long"
    """which of the two expert traces is the demonstration"""
    twins: bool = False
    """the same scenes in words instead of pictures: problems of text alone"""
    trace_contains: tuple[str, ...] | None = None
    """only problems whose demonstration has one of these texts in any case, such as [wait, hmm]: cues of reflection
    (2504.11468, A.2, matches substrings too); null for all"""


class TableDataConfig(DataSection):
    """What files and hub data sets share: one problem a row, columns as `synergy pocket export` writes them."""

    num_problems: Count | None = None
    """the first so many rows that pass the filters; null for all"""
    trace_column: str | None = None
    """the column that holds the demonstration's trace; null for data without demonstrations"""


class FileDataConfig(TableDataConfig):
    """Problems in a parquet or JSON lines file."""

    source: Literal["file"]
    """the source"""
    path: Path
    """a file ending in .parquet or .jsonl; the images of a .jsonl are paths relative to it"""


class HubDataConfig(TableDataConfig):
    """Problems in a data set on the Hugging Face hub; needs the extra `data`."""

    source: Literal["hub"]
    """the source"""
    repository: Annotated[str, Field(min_length=1)]
    """the data set's repository, or a local folder that `datasets` reads"""
    name: str | None = None
    """which of its configurations; null for the only one"""
    split: str = "train"
    """which of its splits"""
    revision: str | None = None
    """a branch, tag or commit; null for the newest"""


#: what a run config holds: one of the sections above, told apart by `source`
DataConfig = Annotated[PocketDataConfig | FileDataConfig | HubDataConfig, Field(discriminator="source")]
