"""What a step is: one thing done to a sample. Knows nothing about the others."""

from typing import Protocol

from synergy.data.pipeline.sample import Sample, StepRecord


class Step(Protocol):
    """Threads may share it."""

    @property
    def name(self) -> str:
        """As the config calls it."""
        ...

    def run(self, sample: Sample) -> StepRecord:
        """What it does to a sample, which it leaves as it is; same sample, same record.

        Raises as `Asker.ask`, but for NoAnswerError.
        """
        ...
