"""What a merge will read and write, decided from headers alone: everything that can be refused is refused here."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from synergy import __version__
from synergy.config.merge import MergeConfig
from synergy.config.resolve import resolved
from synergy.file_hash import file_sha256
from synergy.models.merging.files import copied_files
from synergy.models.merging.filters import kept_from
from synergy.models.merging.mergeable import check_mergeable, check_num_layers, drop_tied_head
from synergy.models.merging.methods import Method, method_of
from synergy.models.merging.shards import Entry, Shard, shards_of
from synergy.models.merging.source import Source

_PACKAGES = ("torch", "numpy", "safetensors")

#: told of a stage's name, how much of it is done, and how much there is
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A merge before it begins."""

    config: MergeConfig
    method: Method
    reference: Source  #: whose files the result gets
    sources: dict[str, Source]  #: all that are read, by the name that the config gives
    kept: dict[str, str]  #: canonical names that are not merged, and the checkpoint they are taken from
    shards: list[Shard]

    @property
    def num_tensors(self) -> int:
        """Tensors of the result."""
        return sum(len(shard.entries) for shard in self.shards)


def plan_merge(config: MergeConfig) -> Plan:
    """Open and compare the checkpoints; raises FileError or InputError, in one line, for what cannot be merged."""
    method = method_of(config.merge)
    reference_name = config.files_from or method.inputs[0]
    sources: dict[str, Source] = {}
    for label in (reference_name, *method.inputs, *(rule.source for rule in config.keep)):
        if label not in sources:
            sources[label] = Source(label)
            drop_tied_head(sources[label])
    reference = sources[reference_name]
    kept = kept_from({key: stored.name for key, stored in reference.tensors.items()}, config.keep)
    check_mergeable(reference, [sources[label] for label in dict.fromkeys(method.inputs)], kept)
    for label in dict.fromkeys(kept.values()):
        wanted = [key for key, source in kept.items() if source == label]
        check_mergeable(reference, [sources[label]], [key for key in reference.tensors if key not in wanted])
    if config.num_layers is not None:
        check_num_layers(reference, config.num_layers)
    entries = [_entry(key, config, reference, sources.get(kept.get(key, ""), reference)) for key in reference.tensors]
    return Plan(
        config=config,
        method=method,
        reference=reference,
        sources=sources,
        kept=kept,
        shards=shards_of(entries, config.max_shard_bytes),
    )


def _entry(key: str, config: MergeConfig, reference: Source, source: Source) -> Entry:
    """How a tensor is written: named as in the reference, of the type asked for or that of `source`."""
    stored = source.tensors[key]
    dtype = stored.dtype
    if config.dtype is not None and dtype.is_floating_point:
        dtype = getattr(torch, config.dtype)
    return Entry(key=key, name=reference.tensors[key].name, shape=stored.shape, dtype=dtype)


def provenance(plan: Plan, on_progress: OnProgress) -> dict[str, Any]:
    """What decides the result, byte for byte: the config, hashes of what is read, versions. For `merge.json`."""
    paths = {label: _read_files(plan, source) for label, source in plan.sources.items()}
    total = sum(len(files) for files in paths.values())
    inputs: dict[str, dict[str, str]] = {}
    num_done = 0
    for label, files in paths.items():
        inputs[label] = {}
        for path in files:
            inputs[label][path.name] = file_sha256(path)
            num_done += 1
            on_progress("hashing", num_done, total)
    return {
        "config": resolved(plan.config),
        "files_from": plan.reference.label,
        "inputs": inputs,
        "num_merged": plan.num_tensors - len(plan.kept),
        "num_kept": len(plan.kept),
        "versions": {"vlm-synergy": __version__, **{name: metadata.version(name) for name in _PACKAGES}},
    }


def _read_files(plan: Plan, source: Source) -> list[Path]:
    """The files that a merge reads of a checkpoint."""
    files = [source.folder / "config.json", *(source.folder / name for name in source.files)]
    return [*files, *(copied_files(source) if source is plan.reference else ())]
