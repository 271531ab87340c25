"""One problem on its way through the steps, and what each of them did to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from synergy.records import Problem

READING = "reading"  #: as a step: taking a sample from its source
UNREADABLE = "unreadable_image"  #: the reason of what cannot be read


class Fate(StrEnum):
    """What a step says of a sample."""

    KEPT = "kept"
    DROPPED = "dropped"  #: for good, with a reason
    FAILED = "failed"  #: no answer could be had; asked for again in the next run
    PASSED_BY = "passed_by"  #: the source skips the step


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """What one step did to one sample."""

    step: str
    fate: Fate
    reason: str = ""  #: why it was not kept, such as "malformed"
    changed: Mapping[str, str] = field(default_factory=dict)  #: fields as they are after the step
    details: Mapping[str, Any] = field(default_factory=dict)  #: JSON values to look at, such as {"word_change": 3}
    replies: tuple[str, ...] = ()  #: keys of the replies it read, in order

    def as_json(self) -> dict[str, Any]:
        """As `samples` keeps it."""
        return {
            "step": self.step,
            "fate": self.fate.value,
            "reason": self.reason,
            "changed": dict(self.changed),
            "details": dict(self.details),
            "replies": list(self.replies),
        }


@dataclass(kw_only=True, eq=False)
class Sample:
    """A problem with the fields that steps fill; fields are texts."""

    key: str  #: source/id, unique in the pipeline
    source: str
    problem: Problem
    fields: dict[str, str]
    records: list[StepRecord] = field(default_factory=list)

    def apply(self, record: StepRecord) -> None:
        """Add what a step did."""
        self.records.append(record)
        self.fields.update(record.changed)

    def values(self) -> dict[str, Any]:
        """All that a template may use of it."""
        problem = self.problem
        of_problem = {
            "question": problem.question,
            "choices": list(problem.choices),
            "answer": problem.answer,
            "family": problem.family,
        }
        return {**self.fields, **of_problem}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a reply or a function says: fields to change, or a reason to drop the sample."""

    changed: Mapping[str, str] = field(default_factory=dict)
    drop: str | None = None
    is_unusable: bool = False  #: the reply itself is at fault, so that asking again may help
    details: Mapping[str, Any] = field(default_factory=dict)
