"""A few attempts of an evaluation as a parquet file to read: question, response, what was found in it, verdict."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.errors import FileError
from synergy.records import RolloutGroup

NUM_ROWS = 32


def write_samples(path: Path, groups: Sequence[RolloutGroup]) -> None:
    """The first attempts at the first problems; raises FileError where the file cannot be written."""
    chosen = [group for group in groups if group.rollouts][:NUM_ROWS]
    rows = []
    for group in chosen:
        problem, rollout = group.problem, group.rollouts[0]
        verdict = rollout.verdict
        rows.append(
            {
                "problem_id": problem.id,
                "level": problem.level,
                "question": problem.question,
                "answer": problem.answer,
                "response": rollout.text,
                "extracted": verdict.extracted if verdict else None,
                "status": verdict.status.value if verdict else None,
                "rule": verdict.rule if verdict else None,
                "reward": rollout.reward,
                "reward_parts": json.dumps(dict(rollout.reward_parts)),
                "num_tokens": len(rollout.token_ids),
                "stop_reason": rollout.stop_reason.value,
            }
        )
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, _SCHEMA), partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FileError(f"{path}: cannot be written ({error}); make room and run the same command again") from error


_SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("level", pa.int64()),
        ("question", pa.string()),
        ("answer", pa.string()),
        ("response", pa.string()),
        ("extracted", pa.string()),
        ("status", pa.string()),
        ("rule", pa.string()),
        ("reward", pa.float64()),
        ("reward_parts", pa.string()),  # a JSON object: terms with their weights
        ("num_tokens", pa.int64()),
        ("stop_reason", pa.string()),
    ]
)
