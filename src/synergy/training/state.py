"""What a run knows beside its weights: where it is, what it has spent, what was best. All of it is checkpointed.

Random streams need no state: the order of problems, sampling and dropout are functions of seed and step.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from synergy.algorithms.state import AlgorithmState


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What a run has spent so far, over all processes; what a killed process did after its checkpoint is not in it."""

    generated_tokens: int = 0  #: sampled to train on
    evaluation_tokens: int = 0  #: sampled to evaluate
    trained_tokens: int = 0  #: response tokens with a gradient
    update_tokens: int = 0  #: through forward and backward passes, prompts included
    images: int = 0  #: encoded to sample or to update
    attempts: int = 0  #: sampled to train on
    truncated_attempts: int = 0  #: of those, cut off at the token limit
    problems: int = 0  #: drawn for training
    dropped_problems: int = 0  #: too large to be rendered
    training_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    peak_memory_bytes: int = 0  #: of the first process, or of its GPU

    def add(self, **amounts: float) -> "Ledger":
        """With so much more of the named fields."""
        return replace(self, **{name: getattr(self, name) + amount for name, amount in amounts.items()})


@dataclass(frozen=True, kw_only=True)
class EvaluationState:
    """How evaluations went so far."""

    last_step: int | None = None
    last_accuracy: float | None = None
    last_truncated_fraction: float | None = None  #: responses of the last one that the token limit cut off
    best_step: int | None = None
    best_accuracy: float | None = None
    num_without_gain: int = 0  #: evaluations in a row since the best

    def after(self, step: int, accuracy: float, truncated_fraction: float, *, counts: bool = True) -> "EvaluationState":
        """With one more evaluation; an equal accuracy is no gain, so the first of equals stays the best.

        One that does not count can be neither the best nor without gain.
        """
        now = replace(self, last_step=step, last_accuracy=accuracy, last_truncated_fraction=truncated_fraction)
        if not counts:
            return now
        if self.best_accuracy is None or accuracy > self.best_accuracy:
            return replace(now, best_step=step, best_accuracy=accuracy, num_without_gain=0)
        return replace(now, num_without_gain=self.num_without_gain + 1)


@dataclass(frozen=True, kw_only=True)
class RunState:
    """The state after `step` steps."""

    algorithm: AlgorithmState
    step: int = 0
    order_position: int = 0  #: problems drawn
    evaluation: EvaluationState = field(default_factory=EvaluationState)
    ledger: Ledger = field(default_factory=Ledger)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "RunState":
        """The state that `to_json` wrote."""
        return cls(
            algorithm=AlgorithmState(**values["algorithm"]),
            step=values["step"],
            order_position=values["order_position"],
            evaluation=EvaluationState(**values["evaluation"]),
            ledger=Ledger(**values["ledger"]),
        )
