"""Some rows of a table as a parquet file of its columns, with the pictures inside."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from synergy.data.layouts.layout import Row
from synergy.data.row_images import image_bytes, image_source
from synergy.data.row_table import RowTable
from synergy.data.table_writer import write_rows
from synergy.errors import FileError
from synergy.problem_columns import PROBLEM_SCHEMA

_IMAGES = PROBLEM_SCHEMA.field("images")

#: a row's place in the table and the row → whether it is kept, or what is written in its place
Choose = Callable[[int, Row], Mapping[str, Any] | None]


def write_kept(path: Path, table: RowTable, choose: Choose, schema: pa.Schema) -> int:
    """Write what `choose` returns for each row, pictures as bytes; returns how many, raises FileError and as the table.

    A picture that cannot be read is said: a filter of images drops such rows.
    """

    def rows() -> Iterator[Mapping[str, Any]]:
        for place, row in enumerate(table.rows()):
            kept = choose(place, row)
            if kept is not None:
                yield {**kept, "images": [_inside(image, table, row["id"]) for image in row.get("images") or ()]}

    return write_rows(path, schema, rows())


def schema_of(table: RowTable) -> pa.Schema:
    """The file's own columns where it is parquet in our layout; else ours, and what further ones the rows have."""
    if table.schema is None:
        return _seen_schema(table)
    fields = [_IMAGES if field.name == "images" else field for field in table.schema]
    found = pa.schema(fields, metadata=table.schema.metadata)
    return found if "images" in found.names else found.append(_IMAGES)


def with_columns(schema: pa.Schema, columns: Mapping[str, pa.DataType]) -> pa.Schema:
    """The schema with further columns, in the place of those of the same names."""
    fields = [field for field in schema if field.name not in columns]
    fields += [pa.field(name, kind) for name, kind in columns.items()]
    return pa.schema(fields, metadata=schema.metadata)


def _seen_schema(table: RowTable) -> pa.Schema:
    samples: dict[str, dict[object, Any]] = {}  # by column, a value of each type
    for row in table.rows():
        for name, value in row.items():
            if name not in PROBLEM_SCHEMA.names and value is not None:
                samples.setdefault(name, {}).setdefault(_type_of(value), value)
    found = {name: _kind(name, list(seen.values()), table.label) for name, seen in samples.items()}
    return with_columns(PROBLEM_SCHEMA, found)


def _type_of(value: Any) -> object:
    """A type that tells an empty list from a list of texts."""
    return str(pa.infer_type([value])) if type(value) in (list, dict) else type(value)


def _kind(name: str, samples: list[Any], label: str) -> pa.DataType:
    """The type that holds all of them."""
    try:
        return pa.array(samples).type
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        kinds = ", ".join(sorted({type(each).__name__ for each in samples}))
        raise FileError(
            f"{label}: column {name} has values of several types ({kinds}), which parquet cannot hold; expected one"
        ) from None


def _inside(image: object, table: RowTable, row_id: str) -> dict[str, object]:
    try:
        if image_source(image) is None:
            raise FileNotFoundError(2, "neither bytes nor a path")
        content, name = image_bytes(image, table.folder)
    except OSError as error:
        raise FileError(
            f"{table.label}, problem '{row_id}': a picture cannot be read ({error.strerror or error}); expected an "
            "image file: add the filter images, which drops such rows"
        ) from None
    return {"bytes": content, "path": name}
