"""Geometry3K as EasyR1 has it (hiyouga/geometry3k): images, problem with "<image>" in it, answer.

2512.12690 names Geometry3K among its sources and trained with EasyR1. Its own traces (QwenVL-Distill) and the layout of
its other sources are not published.
"""

import re

from synergy.data.layouts.answer_kinds import gradable
from synergy.data.layouts.layout import Layout, Row, images, text


def _read(row: Row) -> Row | None:
    found = gradable(text(row, "answer"))
    if found is None:
        return None
    return {
        "question": re.sub(r"\s*<image>\s*", " ", text(row, "problem")).strip(),
        "answer": found[0],
        "answer_kind": found[1],
        "images": images(row, "images"),
        "source": "geometry3k",
    }


GEOMETRY3K = Layout(
    source="verl, examples/data_preprocess/geo3k.py", columns=("images", "problem", "answer"), read=_read
)
