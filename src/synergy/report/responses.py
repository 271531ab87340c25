"""Responses of one run with their texts, in the order of its problems and attempts."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.parquet as pq

from synergy.studies.results import RunScores


@dataclass(frozen=True, kw_only=True)
class ResponseText:
    """What was said, and the answer that was found in it."""

    text: str
    extracted: str | None


def response_texts(run: RunScores) -> Mapping[tuple[str, int], ResponseText]:
    """By problem and attempt."""
    columns = ["problem_id", "run", "text", "extracted"]
    table = pq.read_table(run.folder / "samples.parquet", columns=columns)
    read = (table.column(name).to_pylist() for name in columns)
    return {
        (problem, number): ResponseText(text=text, extracted=extracted)
        for problem, number, text, extracted in zip(*read, strict=True)
    }
