"""Merging checkpoints into a new one, a tensor at a time: memory holds one tensor of each input and what becomes of it.

The result is an ordinary Hugging Face folder beside `merge.json`. It appears when it is whole; a merge that was killed
goes on after its last whole file.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from synergy.config.merge import MergeConfig
from synergy.errors import InputError
from synergy.models.merging.building import building, is_made
from synergy.models.merging.files import copy_files, write_json
from synergy.models.merging.plan import OnProgress, Plan, plan_merge, provenance
from synergy.models.merging.shards import INDEX, Entry, index_of, write_shard


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What came of a merge."""

    folder: Path
    num_merged: int  #: tensors that were combined
    num_kept: int  #: tensors that were taken from one checkpoint
    num_bytes: int  #: of all tensors
    was_there: bool  #: the folder held this very merge already, and nothing was done


def _silent(stage: str, num_done: int, num: int) -> None:
    """For callers that show no progress."""


def merge_checkpoints(config: MergeConfig, out: Path, on_progress: OnProgress = _silent) -> Merged:
    """Merge as `config` says into the folder `out`, or find that this was done; resumes after a kill.

    `on_progress` is told of the stages "hashing" (files) and "merging" (tensors). Raises InputError for checkpoints
    that cannot be merged and for an `out` that holds anything else, FileError for what cannot be read or written.
    """
    plan = plan_merge(config)
    record = provenance(plan, on_progress)
    was_there = is_made(out, record)
    if not was_there:
        with building(out, record) as folder:
            copy_files(plan.reference, folder, config.dtype)
            _write_weights(plan, folder, on_progress)
    return Merged(
        folder=out,
        num_merged=record["num_merged"],
        num_kept=record["num_kept"],
        num_bytes=sum(entry.num_bytes for shard in plan.shards for entry in shard.entries),
        was_there=was_there,
    )


def _write_weights(plan: Plan, folder: Path, on_progress: OnProgress) -> None:
    num_done = 0

    def tensor(entry: Entry) -> Tensor:
        nonlocal num_done
        made = _tensor(plan, entry)
        num_done += 1
        on_progress("merging", num_done, plan.num_tensors)
        return made

    for shard in plan.shards:
        path = folder / shard.file
        if path.exists():  # whole, by a merge that was killed later
            num_done += len(shard.entries)
            on_progress("merging", num_done, plan.num_tensors)
            continue
        write_shard(path, shard.entries, tensor)
    if len(plan.shards) > 1:
        write_json(folder / INDEX, index_of(plan.shards))


@torch.no_grad()
def _tensor(plan: Plan, entry: Entry) -> Tensor:
    """One tensor of the result; raises InputError where it is not finite, or no number that can be averaged."""
    if entry.key in plan.kept:
        return plan.sources[plan.kept[entry.key]].read(entry.key).to(entry.dtype)
    stored = [plan.sources[label].read(entry.key) for label in plan.method.inputs]
    if plan.method.keeps_equal and all(torch.equal(stored[0], each) for each in stored[1:]):
        return stored[0].to(entry.dtype)
    if not all(each.is_floating_point() for each in stored):
        raise InputError(
            f"tensor {entry.name} holds integers that differ; expected equal ones, as integers are not merged: "
            "name it under 'keep'"
        )
    compute_dtype = getattr(torch, plan.config.compute_dtype)
    made = plan.method.combine(entry.key, [each.to(compute_dtype) for each in stored]).to(entry.dtype)
    if not bool(torch.isfinite(made).all()):
        raise InputError(
            f"tensor {entry.name} is not finite after merging, in {str(entry.dtype).removeprefix('torch.')}; "
            "expected finite weights in all models: look at theirs, or give dtype: bfloat16, which reaches further"
        )
    return made
