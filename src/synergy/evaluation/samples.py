"""`samples.parquet`: every response with its full text and the verdict on it, a row each, by problem and run."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.data.problem_row import well_formed
from synergy.errors import FileError
from synergy.evaluation.verdicts import LENIENT, GradedResponse

SAMPLES = "samples.parquet"
SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("family", pa.string()),
        ("answer_kind", pa.string()),
        ("level", pa.int64()),  # the measured one where there is one, else the generating one
        ("generating_level", pa.int64()),
        ("run", pa.int64()),
        ("question", pa.string()),
        ("gold", pa.string()),
        ("text", pa.string()),
        ("num_tokens", pa.int64()),
        ("stop_reason", pa.string()),
        ("status", pa.string()),  # by the rule that the file's metadata names
        ("score", pa.float64()),
        ("extracted", pa.string()),
        ("rule", pa.string()),
        ("extractor", pa.string()),
        ("correct_leniently", pa.bool_()),
        ("truncated", pa.bool_()),
    ]
)


def write_samples(
    folder: Path, graded: Sequence[GradedResponse], rule: str, generating: Mapping[str, int | None]
) -> None:
    """Write it whole or not at all, verdicts by `rule`; `generating` are the problems' own levels. Raises FileError."""
    rows = [_row(each, rule, generating) for each in graded]
    table = pa.Table.from_pylist(rows, SCHEMA.with_metadata({"synergy.rule": rule}))
    write_table(table, folder / SAMPLES)


def write_table(table: pa.Table, path: Path) -> None:
    """A parquet file that a reader finds whole or not at all; raises FileError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, partial)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FileError(
            f"{path}: cannot be written ({error.strerror or error}); make room and run the same command again"
        ) from None


def _row(each: GradedResponse, rule: str, generating: Mapping[str, int | None]) -> dict[str, object]:
    problem, response, verdict = each.problem, each.response, each.verdicts[rule]
    return {
        "problem_id": problem.id,
        "family": problem.family,
        "answer_kind": problem.answer_kind.value,
        "level": problem.level,
        "generating_level": generating[problem.id],
        "run": response.run,
        "question": well_formed(problem.question),
        "gold": well_formed(problem.answer),
        "text": well_formed(response.text),
        "num_tokens": response.num_tokens,
        "stop_reason": None if response.stop_reason is None else response.stop_reason.value,
        "status": verdict.status.value,
        "score": verdict.score,
        "extracted": None if verdict.extracted is None else well_formed(verdict.extracted),
        "rule": verdict.rule,
        "extractor": verdict.extractor,
        "correct_leniently": each.verdicts[LENIENT].correct,
        "truncated": response.truncated,
    }
