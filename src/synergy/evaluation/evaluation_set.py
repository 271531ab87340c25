"""The problems of one evaluation, with what grades and sums them up; a benchmark's, the pocket's, or a file's own."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from synergy.benchmarks.benchmark import Metrics, OfficialRule
from synergy.records import Problem


class Problems(Protocol):
    """Problems by index; images are decoded at each access."""

    def __len__(self) -> int:
        """How many."""
        ...

    def __getitem__(self, index: int, /) -> Problem:
        """The problem at an index from 0."""
        ...


@runtime_checkable
class HasTexts(Protocol):
    """Problems that come without their images at less cost."""

    def text(self, index: int) -> Problem:
        """The problem at an index, without its images."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class EvaluationSet:
    """What is evaluated on."""

    name: str  #: "mathvista"
    title: str  #: in tables: "MathVista testmini"
    source: str  #: paper and code that it follows
    problems: Problems
    metrics: Metrics
    main_metric: str  #: the key that tables show where no protocol says otherwise
    official: OfficialRule | None  #: the rule of its authors, None where ours is theirs
    official_source: str
    data: str  #: where the problems are from, for a reader
    data_sha256: str | None  #: of the file, None where there is none
    limit: int | None = None  #: where only the first so many problems are asked, how many

    def shown(self, indices: Sequence[int]) -> Iterator[Problem]:
        """These problems, with their images."""
        return (self.problems[index] for index in indices)

    def texts(self) -> list[Problem]:
        """All problems without their images: what grading needs."""
        problems, indices = self.problems, range(len(self.problems))
        if isinstance(problems, HasTexts):
            return [problems.text(index) for index in indices]
        return [replace(problems[index], images=()) for index in indices]


def problems_sha256(problems: Sequence[Problem]) -> str:
    """The sha256, in hex, of what is asked and what is right, in order: the same whatever file it came in.

    Images are not in it.
    """
    digest = hashlib.sha256()
    for problem in problems:
        fields = [problem.id, problem.question, problem.answer, problem.answer_kind, problem.choices, problem.level]
        digest.update(json.dumps(fields).encode())
    return digest.hexdigest()
