"""Benchmarks with the difficulty for a model in two columns, as 2507.07562 publishes five of them; read only.

passrate_for_MODEL and difficulty_level_for_MODEL. How their values are written is not known, so a pass rate may be a
fraction or a count of 16, and a level 1 … 5 or "L1" … "L5". A pass rate of 1 is all of 16 or one of 16: the level says
which, and without one a whole number is a count. The other columns are those of each benchmark: the usual names are
tried. A level that only the pass rate tells is by the study's thresholds.
"""

import re
from collections.abc import Sequence
from typing import Any

from synergy.data.formats.cells import picture_cells
from synergy.data.formats.chat import text_or_none
from synergy.data.formats.format import Format
from synergy.data.formats.our_row import TAG, answered
from synergy.data.layouts.layout import Layout, Row
from synergy.data.options import gold_letter, literal_list
from synergy.errors import InputError
from synergy.records import AnswerKind
from synergy.statistics.levels import level_of

_PASS_RATE, _LEVEL_OF = "passrate_for_", "difficulty_level_for_"
_LEVEL = re.compile(r"(?:l|level)?\s*([1-5])(?:\.0)?", re.IGNORECASE)
_NUM_SAMPLES = 16
_QUESTION = ("question", "problem", "query")
_ANSWER = ("answer", "gt", "label", "ground_truth", "solution")
_IDS = ("id", "index", "pid", "sample_index", "question_id")
_CHOICES = ("choices", "options")
_IMAGES = ("decoded_image", "images", "image", "image_path", "image_paths")
_NUMBERED = tuple(f"image_{number}" for number in range(1, 8))  # MMMU's


def pass_rate(value: Any, level: int | None) -> float:
    """The share of right attempts; raises InputError for a value that is neither a fraction nor a count of 16."""
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else -1.0
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = -1.0
    if number == 1:
        as_count = level == level_of(1, _NUM_SAMPLES) if level else isinstance(value, int)
        return 1 / _NUM_SAMPLES if as_count else 1.0
    if 0 <= number < 1:
        return number
    if number.is_integer() and 1 < number <= _NUM_SAMPLES:
        return number / _NUM_SAMPLES
    raise InputError(f"a pass rate is {value!r}; expected a fraction from 0 to 1 or a count of {_NUM_SAMPLES}")


def difficulty(value: Any) -> int:
    """A level from 1 to 5; raises InputError for anything else."""
    found = _LEVEL.fullmatch(str(value).strip())
    if found is None:
        raise InputError(f"a difficulty level is {value!r}; expected 1 to 5 or L1 to L5")
    return int(found[1])


def tags(row: Row) -> dict[str, Any]:
    """The row's two columns for every model: levels as 1 … 5, pass rates as fractions."""
    found: dict[str, Any] = {}
    for name in filter(TAG.fullmatch, row):
        model = name.partition("_for_")[2]
        level = difficulty(row[f"{_LEVEL_OF}{model}"]) if row.get(f"{_LEVEL_OF}{model}") is not None else None
        if name.startswith(_LEVEL_OF):
            found[name] = level
        else:
            found[name] = None if row[name] is None else pass_rate(row[name], level)
    return found


def _read(row: Row) -> Row | None:
    question, written = text_or_none(row, *_QUESTION), text_or_none(row, *_ANSWER)
    if question is None or written is None:
        missing, our = (_QUESTION, "question") if question is None else (_ANSWER, "answer")
        raise InputError(
            f"none of {', '.join(missing)} is a text; its columns: {', '.join(row)}; expected the one that holds it: "
            f"give --map {our}=COLUMN"
        )
    choices = next((found for name in _CHOICES if (found := _texts(row.get(name)))), [])
    if choices:
        found: dict[str, Any] | None = {"answer": gold_letter(written, choices), "answer_kind": AnswerKind.OPTION}
    else:
        found = answered({}, written)
    if found is None:
        return None
    measured = tags(row)
    known_id = text_or_none(row, *_IDS)
    return {
        **({"id": known_id} if known_id else {}),
        **found,
        "question": question,
        "choices": choices,
        "images": _pictures(row),
        "level": _one_level(measured),
        **measured,
    }


def _texts(cell: Any) -> list[str]:
    """A cell's list of options, as such or written out in Python or JSON; none for anything else."""
    items: Any = literal_list(cell) if isinstance(cell, str) else cell
    return [str(each) for each in items] if isinstance(items, Sequence) and not isinstance(items, str) else []


def _pictures(row: Row) -> list[object]:
    numbered = [each for name in _NUMBERED for each in picture_cells(row.get(name))]
    return numbered or next((found for name in _IMAGES if (found := picture_cells(row.get(name)))), [])


def _one_level(measured: dict[str, Any]) -> int | None:
    """The level for the first model that has one, or that of its pass rate."""
    for name, value in measured.items():
        if value is not None:
            rate = round(value * _NUM_SAMPLES)
            return value if name.startswith(_LEVEL_OF) else level_of(rate, _NUM_SAMPLES)
    return None


TAGGED = Format(
    name="tagged",
    layout=Layout(
        source="2507.07562, section 2.3; JierunChen/MMMU_with_difficulty_level, data set card",
        columns=("|".join(_QUESTION), "|".join(_ANSWER)),
        read=_read,
    ),
    detect=lambda columns, _: any(map(TAG.fullmatch, columns)) and "answer_kind" not in columns,
)
