"""A loss or gradient that is not finite stops the run, with all that is needed to run the step again."""

from dataclasses import dataclass
from pathlib import Path

from synergy.errors import SynergyError
from synergy.records import TokenSignal
from synergy.training.step import Fault, Gradient, find_fault
from synergy.training.trained_policy import TrainedPolicy


@dataclass(frozen=True, kw_only=True, eq=False)
class StepRecord:
    """An optimiser step as it was asked for, over all processes."""

    step: int  #: of the run, from 1
    update: int  #: among the step's updates, from 0
    kl_coefficient: float
    signals: tuple[TokenSignal, ...]


class NonFiniteError(SynergyError, FloatingPointError):
    """A loss or gradient is not finite; the weights are still those from before the step."""

    def __init__(self, fault: Fault, record: StepRecord) -> None:
        shown = ", ".join(fault.problem_ids[:8])
        more = f" and {len(fault.problem_ids) - 8} more" if len(fault.problem_ids) > 8 else ""
        super().__init__(
            f"step {record.step}: {fault.component} is not finite; problems in the batch: {shown}{more}; "
            "expected finite numbers"
        )
        self.fault = fault
        self.record = record

    def with_replay(self, file: Path) -> "NonFiniteError":
        """The same error, whose text says how to run the step again."""
        self.args = (f"{self}; see it again: synergy train --replay {file}",)
        return self


def stop_if_faulty(gradient: Gradient, policy: TrainedPolicy, norm: float, record: StepRecord) -> None:
    """Raise NonFiniteError, on all processes alike, where any of them finds something that is not finite."""
    own = find_fault(gradient, policy, norm)
    found = policy.processes.gather(None if own is None else [own.component, list(own.problem_ids)])
    faults = [Fault(component=each[0], problem_ids=tuple(each[1])) for each in found if each is not None]
    if faults:
        # a loss says more than the gradient that it spoils on all processes
        faults.sort(key=lambda fault: "gradient" in fault.component)
        raise NonFiniteError(faults[0], record)
