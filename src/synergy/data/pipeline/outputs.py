"""What a finished pipeline leaves: rl.parquet, sft.parquet and funnel.json, each whole or not there.

The tables have our columns (`synergy.data.rows`), so that `data: {source: file, trace_column: trace}` reads them.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.data.pipeline.funnel import Funnel, count_funnel
from synergy.data.pipeline.pools import Pools
from synergy.data.pipeline.run import Opened
from synergy.data.pipeline.samples import Finished
from synergy.data.well_formed import well_formed
from synergy.errors import FileError
from synergy.grading.image_url import png_bytes

FUNNEL = "funnel.json"
TABLES = {"rl": "rl.parquet", "sft": "sft.parquet"}
_ROWS_PER_GROUP = 200
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),  # source/id
        ("question", pa.string()),
        ("answer", pa.string()),  # the gold one
        ("answer_kind", pa.string()),
        ("choices", pa.list_(pa.string())),
        ("images", pa.list_(_IMAGE)),
        ("source", pa.string()),  # the pipeline's name for it
        ("family", pa.string()),
        ("level", pa.int64()),
        ("reference", pa.string()),
        ("trace", pa.string()),  # the field reasoning
        ("conclusion", pa.string()),  # the trace's own answer in words
        ("caption", pa.string()),
        ("extra", pa.string()),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": {"images": [{"_type": "Image"}]}}})},
)


def write_outputs(opened: Opened) -> Funnel:
    """Write both tables and the funnel of what is finished so far, and return the funnel; raises FileError."""
    pools = Pools(opened.config, opened.samples.all())
    for pool, name in TABLES.items():
        chosen = (sample for sample in opened.samples.all() if pools.of(sample.key) == pool)
        _write_table(opened.folder / name, (_row(opened, sample) for sample in chosen))
    funnel = count_funnel(opened.config, opened.samples.all(), pools)
    spent = {
        step: {
            "num_replies": each.num_replies,
            "prompt_tokens": each.prompt_tokens,
            "completion_tokens": each.completion_tokens,
            "cost": each.cost,
        }
        for step, each in sorted(opened.replies.spent_by_step().items())
    }
    _write_json(opened.folder / FUNNEL, {**funnel.as_json(), "spent": spent})
    return funnel


def _row(opened: Opened, sample: Finished) -> dict[str, Any]:
    problem = opened.sources.sample(sample.position).problem
    return {
        "id": sample.key,
        "question": well_formed(problem.question),
        "answer": well_formed(problem.answer),
        "answer_kind": problem.answer_kind.value,
        "choices": list(problem.choices),
        "images": [{"bytes": png_bytes(image), "path": None} for image in problem.images],
        "source": sample.source,
        "family": problem.family,
        "level": problem.level,
        "reference": problem.reference,
        "trace": well_formed(sample.fields["reasoning"]) or None,
        "conclusion": well_formed(sample.fields["conclusion"]) or None,
        "caption": well_formed(sample.fields["caption"]) or None,
        "extra": well_formed(sample.fields["extra"]) or None,
    }


def _write_table(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        with pq.ParquetWriter(partial, SCHEMA) as writer:
            group: list[dict[str, Any]] = []
            for row in rows:
                group.append(row)
                if len(group) == _ROWS_PER_GROUP:
                    writer.write_table(pa.Table.from_pylist(group, SCHEMA))
                    group = []
            if group:
                writer.write_table(pa.Table.from_pylist(group, SCHEMA))
        partial.replace(path)
    except FileError:  # of an image that was readable when the sample was made
        partial.unlink(missing_ok=True)
        raise
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _no_room(path, error) from None


def _write_json(path: Path, value: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _no_room(path, error) from None


def _no_room(path: Path, error: OSError) -> FileError:
    return FileError(
        f"{path}: cannot be written ({error.strerror or error}); make room and run again: all samples are kept"
    )
