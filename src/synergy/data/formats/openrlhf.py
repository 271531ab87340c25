"""OpenRLHF's prompts for models that see: `prompt`, `label`, pictures in `images`.

It looks for "<image>" in a text prompt and takes a list of parts as it is; parts are written, for which the flag
--data.apply_chat_template is needed there.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from synergy.data.formats.chat import text_or_none
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.our_row import BESIDE, TRACE, beside
from synergy.data.formats.parquet import PART_TURNS, image_list
from synergy.data.formats.trl import part_prompt, read_parts
from synergy.data.layouts.layout import Layout, Row
from synergy.errors import InputError


def _read(row: Row) -> Row | None:
    gold = text_or_none(row, "label")
    if gold is None:
        raise InputError(f"label is {row.get('label')!r}; expected a text")
    prompt = row.get("prompt")
    if isinstance(prompt, str):
        row = {**row, "prompt": [{"role": "user", "content": prompt}]}
    return read_parts(row, "prompt", "response", gold, marks_in_texts=isinstance(prompt, str))


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    prompt = part_prompt(row, writing.preset)
    return {"prompt": prompt, "images": row["images"], "label": row["answer"], **beside(row)}


def _columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
    return [("prompt", PART_TURNS), ("images", image_list(images)), ("label", pa.string()), *BESIDE]


OPENRLHF = Format(
    name="openrlhf",
    layout=Layout(
        source="OpenRLHF 0.11.2, openrlhf/datasets/prompts_dataset.py", columns=("prompt", "label"), read=_read
    ),
    detect=lambda columns, _: {"prompt", "label"} <= set(columns),
    write=_write,
    suffixes=(".jsonl", ".json", ".parquet"),
    images=(ImageMode.PATH, ImageMode.BASE64),
    cannot_hold=frozenset({TRACE}),
    columns=_columns,
    note="there: --data.input_key prompt --data.label_key label --data.image_key images --data.apply_chat_template",
)
