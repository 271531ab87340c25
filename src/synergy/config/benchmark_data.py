"""An evaluation set that is a published benchmark: its own loading, rule and metrics (`synergy.benchmarks`)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from synergy.config.base import Config
from synergy.config.data import FileDataConfig, HubDataConfig, ImagesAs, PocketDataConfig

Count = Annotated[int, Field(gt=0)]


class BenchmarkDataConfig(Config):
    """A benchmark by name; from its own place on the hub, unless a file or another repository is given."""

    source: Literal["benchmark"]
    """the source"""
    benchmark: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """its name, such as mathvista"""
    path: Path | None = None
    """a file of its problems in any layout that the benchmark reads; null for the hub"""
    repository: str | None = None
    """another repository with the same problems, such as one that adds levels; null for the benchmark's own"""
    name: str | None = None
    """which of that repository's configurations"""
    split: str | None = None
    """which of that repository's splits; null for the benchmark's own"""
    limit: Count | None = None
    """the first so many problems; null for all"""
    images: Annotated[ImagesAs, Field(exclude_if=lambda images: images == "shown")] = "shown"
    """shown, blank, swapped or noise, as in other data sections"""

    @model_validator(mode="after")
    def _is_one_place(self) -> "BenchmarkDataConfig":
        if self.path is not None and self.repository is not None:
            raise ValueError(f"path {self.path} with repository {self.repository}; expected one of them")
        if self.repository is None and (self.name is not None or self.split is not None):
            raise ValueError("name or split without repository; expected the repository that they are of")
        return self


#: what an evaluation set holds: a section of problems, or a benchmark, told apart by `source`
EvaluationDataConfig = Annotated[
    PocketDataConfig | FileDataConfig | HubDataConfig | BenchmarkDataConfig, Field(discriminator="source")
]
