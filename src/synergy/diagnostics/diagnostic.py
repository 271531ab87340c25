"""What a diagnostic is: a question about some models, and the function that answers it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal

from synergy.diagnostics.finding import Finding
from synergy.diagnostics.subject import Subject
from synergy.errors import InputError

Need = Literal["responses", "runs", "model"]  #: fields of a `Subject`


class LackingError(InputError):
    """What is stored of the subjects, or their number, leaves a question without an answer; the message says why."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Inquiry:
    """What a diagnostic is given."""

    subjects: Sequence[Subject]  #: each has what the diagnostic needs
    against: Subject | None  #: what they are compared with, mostly the base model; it has what is needed, too
    cache: Path  #: a folder of its own for what is expensive (`synergy.diagnostics.kept`)
    seed: int = 0  #: of everything drawn
    on_progress: Callable[[str, int, int], None] = lambda words, num_done, num: None  #: what is done, and how far
    settings: Mapping[str, object] = field(default_factory=dict)  #: values by name that differ from its defaults


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """One question."""

    name: str  #: as commands and files call it
    title: str  #: its heading in the report
    question: str  #: the question itself, for people
    source: str  #: whose it is, and what of it is ours
    target: str  #: "module:function", imported when it is asked: some bring torch along
    needs: tuple[Need, ...]  #: subjects that lack one are left out
    needs_against: bool = False  #: whether it says nothing without a comparison
    against_needs: tuple[Need, ...] | None = None  #: of what is compared with; None for the same as of subjects
    runs_model: bool = False  #: whether a model is run again, so that it takes long

    def answer(self, inquiry: Inquiry) -> Finding:
        """Ask it; raises LackingError where it cannot be answered, and what its function raises."""
        module, function = self.target.split(":")
        return getattr(import_module(module), function)(inquiry)

    def takes(self, subject: Subject) -> bool:
        """Whether the subject has all that is needed."""
        return all(getattr(subject, need) for need in self.needs)

    def compares_with(self, against: Subject) -> bool:
        """Whether subjects can be compared with it."""
        return all(getattr(against, need) for need in self.against_needs or self.needs)
