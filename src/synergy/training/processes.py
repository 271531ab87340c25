"""The processes of one run and what they tell each other: JSON values and bytes, never pickled objects.

A run without torchrun is one process and needs no library. Knows nothing of models.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

from synergy.errors import InputError, SynergyError

_LONGEST_WAIT = timedelta(days=30)  #: a process that has nothing to do waits; torchrun ends all where one ends


@dataclass(frozen=True, kw_only=True)
class Processes:
    """This process among all of the run; every method but the properties is called by all of them alike."""

    rank: int = 0
    num: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def owns(self, number: int) -> bool:
        """Whether the item of that number is this process's to work on; items take turns."""
        return number % self.num == self.rank

    def gather(self, value: Any) -> list[Any]:
        """The JSON values of all processes, in the order of ranks."""
        if self.num == 1:
            return [value]
        return [json.loads(data) for data in self.gather_bytes(json.dumps(value).encode())]

    def gather_bytes(self, data: bytes) -> list[bytes]:
        """The bytes of all processes, in the order of ranks."""
        if self.num == 1:
            return [data]
        own = torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.zeros(0, dtype=torch.uint8)
        lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(self.num)]
        distributed.all_gather(lengths, torch.tensor([len(own)]))
        sizes = [int(length) for length in lengths]
        padded = torch.zeros(max(sizes), dtype=torch.uint8)
        padded[: len(own)] = own
        parts = [torch.empty_like(padded) for _ in range(self.num)]
        distributed.all_gather(parts, padded)
        return [part[:size].numpy().tobytes() for part, size in zip(parts, sizes, strict=True)]


def is_launched() -> bool:
    """Whether torchrun, or what speaks like it, started several processes."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def local_device() -> str | None:
    """This process's GPU where several processes share a machine, such as `cuda:1`; None where there is none."""
    if not is_launched() or not torch.cuda.is_available():
        return None
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


@contextmanager
def stopping_together(processes: Processes) -> Iterator[None]:
    """Stop all processes where one has an error; the first that has one shows it."""
    error: SynergyError | None = None
    try:
        yield
    except SynergyError as raised:
        error = raised
    failed = [rank for rank, has_error in enumerate(processes.gather(error is not None)) if has_error]
    if error is not None and processes.rank == failed[0]:
        raise error
    if failed:
        sys.exit(2)


@contextmanager
def joined(*, waits_long: bool = False) -> Iterator[Processes]:
    """All processes that torchrun started, over gloo on CPUs and NCCL on GPUs; a single one without it.

    `waits_long`: one may work for days while the others wait. Raises InputError where they do not find each other.
    """
    timeout = _LONGEST_WAIT if waits_long else None
    if not is_launched():
        yield Processes()
        return
    device = local_device()
    if device is not None:
        torch.cuda.set_device(device)
    try:
        distributed.init_process_group("gloo" if device is None else "cpu:gloo,cuda:nccl", timeout=timeout)
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"WORLD_SIZE is {os.environ['WORLD_SIZE']} and the processes do not find each other: "
            f"{str(error).splitlines()[0]}; expected a start by torchrun"
        ) from error
    try:
        yield Processes(rank=distributed.get_rank(), num=distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
