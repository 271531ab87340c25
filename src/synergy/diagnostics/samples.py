"""Graded responses of one model on one evaluation set, as `samples.parquet` holds them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

_COLUMNS = (
    "problem_id",
    "family",
    "level",
    "run",
    "answer_kind",
    "question",
    "gold",
    "text",
    "num_tokens",
    "status",
    "score",
    "extracted",
    "truncated",
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One response with its verdict."""

    problem_id: str
    family: str
    level: int | None
    run: int  #: which attempt at the problem
    question: str
    gold: str
    text: str
    num_tokens: int | None  #: None where nobody counted them
    correct: bool  #: unscored counts as not correct
    extracted: str | None  #: the answer that was read from it
    truncated: bool
    answer_kind: str = "text"  #: how answers are compared, a value of `AnswerKind`
    score: float | None = None  #: in [0, 1], parts of an answer counted where its kind has parts; None if unscored


def read_samples(folder: Path) -> Iterator[Sample]:
    """All responses of an evaluation's folder, in the order of the file."""
    for row in pq.read_table(folder / "samples.parquet", columns=list(_COLUMNS)).to_pylist():
        yield Sample(
            problem_id=row["problem_id"],
            family=row["family"],
            level=row["level"],
            run=row["run"],
            question=row["question"],
            gold=row["gold"],
            text=row["text"],
            num_tokens=row["num_tokens"],
            correct=row["status"] == "correct",
            extracted=row["extracted"],
            truncated=row["truncated"],
            answer_kind=row["answer_kind"],
            score=row["score"],
        )
