"""What a finished pipeline leaves: rl.parquet, sft.parquet and funnel.json, each whole or not there.

The tables have our columns (`synergy.data.rows`), so that `data: {source: file, trace_column: trace}` reads them.
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from synergy.data.pipeline.funnel import Funnel, count_funnel
from synergy.data.pipeline.pools import Pools
from synergy.data.pipeline.run import Opened
from synergy.data.pipeline.samples import Finished
from synergy.data.problem_row import problem_row
from synergy.data.table_writer import write_rows
from synergy.data.well_formed import well_formed
from synergy.errors import FileError
from synergy.problem_columns import DECODED_IMAGES, problem_schema

FUNNEL = "funnel.json"
TABLES = {"rl": "rl.parquet", "sft": "sft.parquet"}
#: an id is "source/id" by the pipeline's name of the source, an answer the gold one, a trace the field reasoning
SCHEMA = problem_schema(
    ("trace", pa.string()),
    ("conclusion", pa.string()),  # the trace's own answer in words
    ("caption", pa.string()),
    ("extra", pa.string()),
    metadata=DECODED_IMAGES,
)


def write_outputs(opened: Opened) -> Funnel:
    """Write both tables and the funnel of what is finished so far, and return the funnel; raises FileError."""
    pools = Pools(opened.config, opened.samples.all())
    for pool, name in TABLES.items():
        chosen = (sample for sample in opened.samples.all() if pools.of(sample.key) == pool)
        write_rows(opened.folder / name, SCHEMA, (_row(opened, sample) for sample in chosen))
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
    return {
        **problem_row(opened.sources.sample(sample.position).problem),
        "id": sample.key,
        "source": sample.source,
        "trace": well_formed(sample.fields["reasoning"]) or None,
        "conclusion": well_formed(sample.fields["conclusion"]) or None,
        "caption": well_formed(sample.fields["caption"]) or None,
        "extra": well_formed(sample.fields["extra"]) or None,
    }


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
