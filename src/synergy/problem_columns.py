"""The columns of a problem in parquet: one statement for all that write and read tables of problems."""

import json

import pyarrow as pa

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])  #: as `datasets` stores a picture

#: what `synergy.data.rows` reads; what is empty is null
PROBLEM_COLUMNS: tuple[pa.Field, ...] = (
    pa.field("id", pa.string()),
    pa.field("question", pa.string()),
    pa.field("answer", pa.string()),
    pa.field("answer_kind", pa.string()),
    pa.field("choices", pa.list_(pa.string())),
    pa.field("images", pa.list_(IMAGE)),
    pa.field("source", pa.string()),
    pa.field("family", pa.string()),
    pa.field("level", pa.int64()),
    pa.field("reference", pa.string()),
)

#: the schema's metadata with which `datasets` decodes the column `images` to PIL images
DECODED_IMAGES = {"huggingface": json.dumps({"info": {"features": {"images": [{"_type": "Image"}]}}})}


def problem_schema(*further: tuple[str, pa.DataType], metadata: dict[str, str] | None = None) -> pa.Schema:
    """A problem's columns and what a table has beside them."""
    return pa.schema([*PROBLEM_COLUMNS, *(pa.field(name, kind) for name, kind in further)], metadata=metadata)


#: of `synergy.data.problem_row`
PROBLEM_SCHEMA = problem_schema(metadata=DECODED_IMAGES)
