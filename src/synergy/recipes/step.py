"""A step: one thing to compute, known by what it is computed from.

Two arms that need the same step share it. Placeholders stand where a config needs what another step makes
(`STEP_MODEL`, `STEP_DATA`), so that a step's key says nothing about folders.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from synergy.config.base import Config
from synergy.config.benchmark_data import BenchmarkDataConfig
from synergy.config.data import FileDataConfig, HubDataConfig
from synergy.config.resolve import canonical_json, resolved
from synergy.data.tables import tables_sha256, tree_sha256
from synergy.evaluation.provenance import weights_sha256
from synergy.file_hash import file_sha256
from synergy.pocket.shipped import WEIGHTS

StepKind = Literal["train", "choose", "distil", "merge", "tag", "evaluate"]

#: raised where a change of the code makes a step's results other ones; the golden trajectories fail until it is
VERSIONS: Mapping[StepKind, int] = {"train": 1, "choose": 1, "distil": 1, "merge": 1, "tag": 1, "evaluate": 1}

STEP = "step:"  #: how every placeholder begins; "step:sft" is the model of the input `sft`
STEP_MODEL = f"{STEP}model"  #: as a checkpoint: the model of the step's input `model`
STEP_DATA = Path(f"{STEP}data.parquet")  #: as a data file: the table of the step's input `data`
STEP_VALIDATION = Path(f"{STEP}validation.parquet")  #: likewise, the problems that the same step held out
_STEP_TABLES = (STEP_DATA, STEP_VALIDATION)
POCKET = "pocket"
#: fields that came later, with the value that means what steps did before, by a field that tells their section: no key
#: changes by them
_LATER = {
    "trace_column": {"layout": "synergy", "hashed_part": None},
    "first_step_kept": {"out_of_source": []},
    "optimizer": {"watch": None},
}
_CHECKPOINTS = frozenset({"checkpoint", "model", "base_model", "other_model", "source", "files_from"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One node of a study's graph."""

    kind: StepKind
    name: str  #: for people; not part of the key
    config: Config
    inputs: Mapping[str, "Step"] = field(default_factory=dict)  #: by role
    stage: str = ""  #: of the study, for estimates; not part of the key

    @cached_property
    def key(self) -> str:
        """Sixteen hex digits; equal keys mean equal results on one machine. Raises FileError for a missing file."""
        said = {
            "kind": self.kind,
            "version": VERSIONS[self.kind],
            "config": without_later(resolved(self.config)),
            "inputs": {role: step.key for role, step in self.inputs.items()},
            "outside": dict(_outside(self.config)),
        }
        return hashlib.sha256(canonical_json(said).encode()).hexdigest()[:16]

    @property
    def folder_name(self) -> str:
        """Of its finished folder, below `steps/`."""
        return f"{self.kind}-{self.key}"


def in_order(steps: Sequence[Step]) -> list[Step]:
    """These steps and all that they start from, each once, none before its inputs."""
    found: dict[str, Step] = {}

    def visit(step: Step) -> None:
        if step.key not in found:
            for each in step.inputs.values():
                visit(each)
            found[step.key] = step

    for step in steps:
        visit(step)
    return list(found.values())


def checkpoint_folder(checkpoint: str) -> str:
    """The name "pocket" as the folder of the shipped model."""
    return str(WEIGHTS) if checkpoint == POCKET else checkpoint


def without_later(value: Any) -> Any:
    """A resolved config without fields that came later, where they are at their first value."""
    if isinstance(value, list):
        return [without_later(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    dropped = {name: first for told_by, later in _LATER.items() if told_by in value for name, first in later.items()}
    return {name: without_later(inner) for name, inner in value.items() if dropped.get(name, ...) != inner}


def _outside(value: object, path: str = "") -> Iterator[tuple[str, str | None]]:
    """What a config names on disk, by its contents: weights of local folders, data files; of the hub nothing."""
    if isinstance(value, FileDataConfig) and value.path not in _STEP_TABLES:
        yield f"{path}.path", tables_sha256(value.path)
    if isinstance(value, HubDataConfig) and Path(value.repository).is_dir():
        yield f"{path}.repository", tree_sha256(Path(value.repository))
    if isinstance(value, BenchmarkDataConfig) and value.path is not None:
        yield f"{path}.path", file_sha256(value.path)
    if isinstance(value, Config):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if name in _CHECKPOINTS and isinstance(inner, str) and not inner.startswith(STEP):
                yield f"{path}.{name}", weights_sha256(checkpoint_folder(inner))
            else:
                yield from _outside(inner, f"{path}.{name}")
    elif isinstance(value, tuple):
        items: tuple[object, ...] = value
        for index, inner in enumerate(items):
            yield from _outside(inner, f"{path}.{index}")
