"""MM-Eureka's queries, which 2507.07562 trains on (FanqingM/MM-Eureka-Dataset, dataset.jsonl).

Known from the project's README, in two versions: id, answer ("parsed and verified by math_verify"), and the chat in
`conversations` with pictures in `image_urls`, or the chat as text in `message`. The question is the user's turn whole:
whether the published file has instructions in it is not known. Text-only rows show a white picture of 224×224.
"""

from typing import Any

from synergy.data.layouts.answer_kinds import gradable
from synergy.data.layouts.chats import turns
from synergy.data.layouts.layout import Layout, Row, images, text
from synergy.errors import InputError


def _read(row: Row) -> Row | None:
    found = gradable(text(row, "answer"))
    if found is None:
        return None
    answer, kind = found
    pictures: list[Any] = images(row, "image_urls") or images(row, "images") or images(row, "image")
    if not pictures:
        raise InputError(f"no picture in image_urls, images or image (its columns: {', '.join(row)}); expected one")
    return {
        "id": str(row["id"]),
        "question": turns(row, "conversations", "message")["user"],
        "answer": answer,
        "answer_kind": kind,
        "images": [each.removeprefix("file://") if isinstance(each, str) else each for each in pictures],
        "source": "mm_eureka",
    }


MM_EUREKA = Layout(source="ModalMinds/MM-EUREKA, README", columns=("id", "conversations|message", "answer"), read=_read)
