"""verl: a chat in `prompt` with "<image>" in its texts, `images`, and what the reward reads in `reward_model`."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.chat import asked, read_chat, text_or_none
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.our_row import BESIDE, TRACE, beside
from synergy.data.formats.parquet import TURNS, image_list
from synergy.data.layouts.chats import marked_turns
from synergy.data.layouts.layout import Layout, Row
from synergy.errors import InputError


def _read(row: Row) -> Row | None:
    reward: Any = row.get("reward_model")
    extra: Any = row.get("extra_info")
    extra = extra if isinstance(extra, Mapping) else {}
    gold = text_or_none(reward, "ground_truth") if isinstance(reward, Mapping) else None
    if gold is None:
        raise InputError(f"reward_model is {str(reward)[:60]}; expected its ground_truth, a text")
    is_ours = bool(extra.get("answer_kind"))
    question = None if is_ours else text_or_none(extra, "question")  # without their instruction
    pictures = picture_cells(row.get("images"))
    found = read_chat(extra, question or marked_turns(row, "prompt")["user"], None, gold, pictures)
    if found is None or is_ours:
        return found
    return {"source": text_or_none(row, "data_source"), **found}


def _write(row: Row, writing: Writing) -> dict[str, Any]:
    system = [{"role": "system", "content": writing.preset.system}] if writing.preset.system else []
    return {
        "data_source": row["source"] or "synergy",
        "prompt": [*system, {"role": "user", "content": asked(row, writing.preset)}],
        "images": row["images"],
        "ability": "reasoning",
        "reward_model": {"style": "rule", "ground_truth": row["answer"]},
        "extra_info": {
            "split": "train",
            "index": writing.index,
            "question": row["question"],
            "answer": row["answer"],
            "prompt_preset": writing.preset.name,
            **beside(row),
        },
    }


def _columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
    texts = [("split", pa.string()), ("index", pa.int64()), ("question", pa.string()), ("answer", pa.string())]
    return [
        ("data_source", pa.string()),
        ("prompt", TURNS),
        ("images", image_list(images)),
        ("ability", pa.string()),
        ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", pa.string())])),
        ("extra_info", pa.struct([*texts, ("prompt_preset", pa.string()), *BESIDE])),
    ]


VERL = Format(
    name="verl",
    layout=Layout(
        source="verl 0.9.1, verl/utils/dataset/rl_dataset.py; examples/data_preprocess/geo3k.py",
        columns=("prompt", "reward_model"),
        read=_read,
    ),
    detect=lambda columns, _: {"prompt", "reward_model"} <= set(columns),
    write=_write,
    suffixes=(".parquet", ".jsonl", ".json"),
    images=(ImageMode.BYTES, ImageMode.PATH, ImageMode.BASE64),
    cannot_hold=frozenset({TRACE}),
    columns=_columns,
)
