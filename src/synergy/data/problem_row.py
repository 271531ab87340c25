"""A problem as a row in our columns, its pictures as PNG bytes inside."""

from synergy.data.well_formed import well_formed
from synergy.grading.image_url import png_bytes
from synergy.records import Problem


def problem_row(problem: Problem) -> dict[str, object]:
    """The columns that `synergy.data.rows` reads."""
    images = [{"bytes": png_bytes(image), "path": None} for image in problem.images]
    return {**text_columns(problem), "images": images}


def text_columns(problem: Problem) -> dict[str, object]:
    """All of these columns but the pictures; texts as UTF-8 can hold them."""
    return {
        "id": problem.id,
        "question": well_formed(problem.question),
        "answer": well_formed(problem.answer),
        "answer_kind": problem.answer_kind.value,
        "choices": [well_formed(choice) for choice in problem.choices],
        "source": problem.source,
        "family": problem.family,
        "level": problem.level,
        "reference": problem.reference,
    }
