"""Where problems, and for imitation the demonstrations, come from."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
#: how problems come with their pictures; see `synergy.data.corruption`
ImagesAs = Literal["shown", "blank", "swapped", "noise"]
LayoutName = Literal[
    "synergy",
    "puzzlevqa",
    "mm_eureka_k12",
    "mm_eureka",
    "eureka_distill",
    "vlaa_thinking_sft",
    "vlaa_thinking_grpo",
    "geometry3k",
    "s1k",
    "tagged",
    "easyr1",
    "verl",
    "llamafactory_sharegpt",
    "llamafactory_alpaca",
    "ms_swift",
    "trl_prompt_only",
    "trl_prompt_completion",
    "trl_messages",
    "openrlhf",
]


class DataSection(Config):
    """What every source of problems can be narrowed to."""

    families: tuple[str, ...] | None = None
    """the kinds of task to take; null for all (of the pocket: its training families)"""
    levels: tuple[int, ...] | None = None
    """the difficulties to take, 1 (easiest) … 5; null for all"""
    hesitation: Annotated[Literal["keep", "remove"], Field(exclude_if=lambda kept: kept == "keep")] = "keep"
    """remove: demonstrations lose their second looks and the slips that they withdraw (`synergy.data.hesitation`,
    ours); left out of files and keys where it is keep, so that older steps keep their keys"""
    images: Annotated[ImagesAs, Field(exclude_if=lambda images: images == "shown")] = "shown"
    """shown; blank: grey of the same size; swapped: another problem's; noise: under noise. Left out of files and keys
    where shown, so that older steps keep their keys"""


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
    trace: Literal["direct", "short", "long", "either"] = "long"
    """which of the expert's traces is the demonstration; direct: the answer alone; either: direct or short, as the
    problem's id hashes, half of them each"""
    twins: bool = False
    """the same scenes in words instead of pictures: problems of text alone"""
    trace_contains: tuple[str, ...] | None = None
    """only problems whose demonstration has one of these texts in any case, such as [wait, hmm]: cues of reflection
    (2504.11468, A.2, matches substrings too); null for all"""


class TableDataConfig(DataSection):
    """What files and hub data sets share: one problem a row."""

    layout: LayoutName = "synergy"
    """whose columns the table has; synergy: ours, as `synergy pocket export` writes them. Others: `data/layouts/`, and
    frameworks' formats, `data/formats/`"""
    hashed_part: tuple[Share, Share] | None = None
    """[start, end): the rows whose group hashes into this part of [0, 1); null for all. A group is what must not stand
    on both sides of a split, such as twins of one picture (of layout synergy: the column group, else the id), so that
    parts which do not overlap share none"""
    num_problems: Count | None = None
    """the first so many rows that pass the filters; null for all"""
    trace_column: str | None = None
    """the column that holds the demonstration's trace; null for data without demonstrations. Layouts other than
    synergy say which they have"""

    @model_validator(mode="after")
    def _part_is_some(self) -> Self:
        if self.hashed_part is not None and self.hashed_part[0] >= self.hashed_part[1]:
            start, end = self.hashed_part
            raise ValueError(f"hashed_part is [{start}, {end}]; expected a start below the end, such as [0, 0.6]")
        return self


class FileDataConfig(TableDataConfig):
    """Problems in a parquet, JSON or JSON lines file, or in a folder of them."""

    source: Literal["file"]
    """the source"""
    path: Path
    """a file ending in .parquet, .jsonl or .json, whose images may be paths relative to it; or a folder: all such files
    in it, or in its one sub-folder that has any. Files take turns, and a row without a family has its file's name"""


class HubDataConfig(TableDataConfig):
    """Problems in a data set on the Hugging Face hub; needs the extra `data`."""

    source: Literal["hub"]
    """the source"""
    repository: Annotated[str, Field(min_length=1)]
    """the data set's repository, or a local folder that `datasets` reads; pictures that a table names by path are found
    in a local folder alone"""
    name: str | None = None
    """which of its configurations; null for the only one"""
    split: str = "train"
    """which of its splits"""
    revision: str | None = None
    """a branch, tag or commit; null for the newest"""


#: what a run config holds: one of the sections above, told apart by `source`
DataConfig = Annotated[PocketDataConfig | FileDataConfig | HubDataConfig, Field(discriminator="source")]
