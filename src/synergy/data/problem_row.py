"""A problem as a row in our columns, its pictures as PNG bytes inside."""

import pyarrow as pa

from synergy.data.row_images import png
from synergy.pocket.export import SCHEMA
from synergy.records import Problem

_NAMES = ("id", "question", "answer", "answer_kind", "choices", "images", "source", "family", "level", "reference")
#: of what `problem_row` makes
PROBLEM_SCHEMA = pa.schema([SCHEMA.field(name) for name in _NAMES], metadata=SCHEMA.metadata)


def problem_row(problem: Problem) -> dict[str, object]:
    """The columns that `synergy.data.rows` reads; texts as UTF-8 can hold them."""
    return {
        "id": problem.id,
        "question": well_formed(problem.question),
        "answer": well_formed(problem.answer),
        "answer_kind": problem.answer_kind.value,
        "choices": [well_formed(choice) for choice in problem.choices],
        "images": [{"bytes": png(image), "path": None} for image in problem.images],
        "source": problem.source,
        "family": problem.family,
        "level": problem.level,
        "reference": problem.reference,
    }


def well_formed(text: str) -> str:
    r"""The text as UTF-8 can hold it: a lone surrogate is written out as \udc80."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
