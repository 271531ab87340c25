"""The machine that a study is planned for; it changes no result, only what `--plan` says of time and memory."""

from typing import Annotated

from pydantic import Field

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class ClusterConfig(Config):
    """Accelerators of one kind; training uses all of them, sampling to measure uses one at a time."""

    accelerator: str
    """what it is called"""
    num_accelerators: Count
    """how many; one process each"""
    memory_gib: Positive
    """of one accelerator, in GiB"""
    peak_flops: Positive
    """of one, dense bfloat16, operations a second"""
    training_utilisation: Share
    """share of the peak that forward and backward passes are assumed to reach; always ours until measured"""
    generation_utilisation: Share
    """share of the peak that sampling is assumed to reach, which reads all weights for every token; ours likewise"""
    host_memory_gib: Positive
    """of one machine, in GiB"""
    disk_bytes_per_second: Positive
    """read or written by a merge; ours likewise"""

    @property
    def memory_bytes(self) -> float:
        """Of one accelerator."""
        return self.memory_gib * 2**30
