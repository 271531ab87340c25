"""VLAA-Thinking's two files: one picture a row, the worked answer in `ds_answer`; our other fields stand in `meta`.

What is not known of the published files is said in `synergy.data.layouts.vlaa_thinking`, which reads them.
"""

from collections.abc import Mapping
from typing import Any

from synergy.data.formats.chat import response
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.marks import unmarked
from synergy.data.formats.our_row import TRACE, answered, beside, taken_back
from synergy.data.layouts.chats import worked
from synergy.data.layouts.layout import Layout, Row, text
from synergy.data.layouts.vlaa_thinking import VLAA_THINKING_GRPO, VLAA_THINKING_SFT


def _read(layout: Layout, with_trace: bool) -> Any:
    def read(row: Row) -> Row | None:
        meta: Any = row.get("meta")
        if not isinstance(meta, Mapping) or not meta.get("answer_kind"):
            return layout.read(row)
        found = answered(meta, str(row["gt"]))
        assert found is not None, "the kind is given"
        trace = worked(str(row["ds_answer"]))[0] if with_trace else ""
        mine = {**taken_back(meta), **found, "id": text(row, "id"), "question": text(row, "question")}
        return {**mine, "images": [row["image"]], **({TRACE: trace} if trace else {})}

    return read


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    del writing
    meta = {name: value for name, value in beside(row).items() if value and name != "id"}
    return {
        "id": row["id"],
        "image": row["images"][0],
        "question": row["question"],
        "gt": row["answer"],
        "caption": "",
        "meta": meta,
    }


def _write_with_trace(row: Row, writing: Writing) -> dict[str, Any]:
    return {**_write(row, writing), "ds_answer": unmarked(response(row, writing.preset), 0)}


def _format(name: str, layout: Layout, *, with_trace: bool) -> Format:
    return Format(
        name=name,
        layout=Layout(
            source=layout.source, columns=layout.columns, read=_read(layout, with_trace), traces=layout.traces
        ),
        detect=lambda columns, row: (
            {"id", "image", "question"} <= set(columns)
            and with_trace == _is_worked(row)
            and (with_trace or "gt" in columns)
        ),
        write=_write_with_trace if with_trace else _write,
        suffixes=(".json", ".jsonl"),
        images=(ImageMode.PATH,),
        cannot_hold=frozenset() if with_trace else frozenset({TRACE}),
        needs_trace=with_trace,
        num_images=(1, 1),
    )


def _is_worked(row: Row) -> bool:
    return "ds_answer" in row or ("gt" not in row and "<think>" in str(row.get("answer")))


FORMATS = (
    _format("vlaa_thinking_sft", VLAA_THINKING_SFT, with_trace=True),
    _format("vlaa_thinking_grpo", VLAA_THINKING_GRPO, with_trace=False),
)
