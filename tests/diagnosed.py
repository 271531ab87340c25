"""Stored responses made by hand, for tests of diagnostics."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.diagnostics.samples import Sample
from synergy.evaluation.samples import SCHEMA


def sample(
    problem: str,
    text: str,
    *,
    correct: bool,
    gold: str = "4",
    kind: str = "number",
    question: str = "How many?",
    family: str = "count",
    extracted: str | None = "4",
    run: int = 0,
) -> Sample:
    return Sample(
        problem_id=problem,
        family=family,
        level=1,
        run=run,
        question=question,
        gold=gold,
        text=text,
        num_tokens=len(text.split()),
        correct=correct,
        extracted=extracted,
        truncated=False,
        answer_kind=kind,
    )


def stored(folder: Path, samples: Sequence[Sample]) -> Path:
    """An evaluation's folder with these responses."""
    rows = [
        {
            "problem_id": each.problem_id,
            "family": each.family,
            "answer_kind": each.answer_kind,
            "level": each.level,
            "run": each.run,
            "question": each.question,
            "gold": each.gold,
            "text": each.text,
            "num_tokens": each.num_tokens,
            "status": "correct" if each.correct else "wrong",
            "extracted": each.extracted,
            "truncated": each.truncated,
        }
        for each in samples
    ]
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "samples.parquet")
    return folder
