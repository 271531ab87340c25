"""What a framework is to an export. Knows no framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synergy.data.formats.format import Format
from synergy.exports.stages import Stage


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a stage's files are, relative to the folder that commands are run in."""

    folder: str  #: of the stage
    model: str  #: the checkpoint that it starts from
    train: str
    validation: str | None  #: None where the stage validates nothing


@dataclass(frozen=True, kw_only=True)
class Written:
    """A stage as the framework is given it."""

    config: Mapping[str, Any]  #: as YAML
    differences: tuple[str, ...]  #: what it computes otherwise than we do
    files: Mapping[str, str]  #: further files of the stage by name


@dataclass(frozen=True, kw_only=True)
class Target:
    """One framework."""

    name: str
    version: str  #: whose configuration keys are written
    imitates: bool  #: whether it is given trainings on demonstrations, else those on attempts
    data: Format
    suffix: str  #: of data files
    command: str  #: with {config}, the path of the configuration
    write: Callable[[Stage, Place, Mapping[str, str]], Written]
