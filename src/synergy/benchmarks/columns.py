"""Reading a row's cells, whatever layout it came in: numbers as text, lists as Python or JSON text, empty cells.

A cell is empty where it is missing, None, NaN or white space. VLMEvalKit reads its TSV files with pandas, to which
the texts "None" and "NA" are empty too, so that it drops an option that says so; here they are texts.
"""

import re
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from synergy.benchmarks.benchmark import Row
from synergy.data.options import literal_list
from synergy.errors import InputError

#: Where tables without an id of their own keep the row's position, counted from 0.
POSITION = "row_position"
#: How difficult a problem is for Qwen2.5-VL-7B, in the tables of 2507.07562: JierunChen/NAME_with_difficulty_level on
#: the hub, with NAME one of MathVision, MathVerse, MathVista, MMMU and MMStar. Their files are given as a path.
DIFFICULTY = "difficulty_level_for_qwen2.5_vl_7b"
PASS_RATE = "passrate_for_qwen2.5_vl_7b"

_LEVEL = re.compile(r"(?:l|level)?\s*([1-5])(?:\.0)?", re.IGNORECASE)


def text(row: Row, *names: str) -> str:
    """The first of the named cells that is not empty, as text; raises InputError where all are."""
    found = optional(row, *names)
    if not found:
        raise InputError(f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} empty; expected a text")
    return found


def optional(row: Row, *names: str) -> str:
    """The first of the named cells that is not empty, as text without white space around it; else an empty text."""
    for name in names:
        cell = row.get(name)
        if not is_empty(cell):
            whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53
            return str(int(cell) if whole else cell).strip()
    return ""


def is_empty(cell: object) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, float) and cell != cell) or (isinstance(cell, str) and not cell.strip())


def values(cell: object) -> tuple[Any, ...]:
    """A cell's list: a list, or a text such as "['a', 'b']" or '["a", "b"]'; any other value alone, none for empty.

    Texts are read as literals, never evaluated.
    """
    if is_empty(cell):
        return ()
    if isinstance(cell, Sequence) and not isinstance(cell, str | bytes):
        return tuple(cell)
    found = literal_list(cell) if isinstance(cell, str) else None
    return (cell,) if found is None else found


def mapping(cell: object) -> Mapping[str, Any]:
    """A cell's dictionary, given as such or written out in Python or JSON; empty for any other value."""
    if isinstance(cell, Mapping):
        return cell
    found = literal_list(f"[{cell}]") if isinstance(cell, str) and cell.strip().startswith("{") else None
    return found[0] if found and isinstance(found[0], dict) else {}


def choices(row: Row, *list_names: str) -> tuple[str, ...]:
    """The option texts: columns A, B, C … up to the first empty one, else the first of the named lists with items."""
    lettered: list[str] = []
    for letter in ascii_uppercase:
        if is_empty(row.get(letter)):
            break
        lettered.append(optional(row, letter))
    if lettered:
        return tuple(lettered)
    for name in list_names:
        found = values(row.get(name))
        if len(found) == 1 and isinstance(found[0], list):  # one of MMMU's is a list in a list
            found = tuple(found[0])
        if found:
            return tuple(str(option).strip() for option in found)
    return ()


def identity(row: Row, *names: str) -> str:
    """The row's id: the first of the named cells that is not empty, else its position in the table."""
    return text(row, *names, POSITION)


def level(row: Row, own: str = "") -> int | None:
    """How difficult a problem is, 1 … 5: from the difficulty column where there is one, else from the column `own`.

    Written as 3, "L3" or "level 3". Raises InputError for a difficulty that is none of these; one of the benchmark's
    own that cannot be read (MATH has "Level ?") is unknown.
    """
    difficulty = optional(row, DIFFICULTY)
    if difficulty:
        found = _LEVEL.fullmatch(difficulty)
        if found is None:
            raise InputError(f"{DIFFICULTY} is '{difficulty}'; expected 1 to 5, 'L1' or 'level 1'")
        return int(found[1])
    found = _LEVEL.fullmatch(optional(row, own)) if own else None
    return int(found[1]) if found else None


def tags(row: Row, *names: str) -> dict[str, str]:
    """The named cells that are not empty, and the pass rate where there is one; several values stand in one text.

    See `metrics.LABEL_SEPARATOR`.
    """
    found: dict[str, str] = {}
    for name in (*names, PASS_RATE):
        items = [str(item).strip() for item in values(row.get(name))]
        if items:
            found[name] = "; ".join(items)
    return found
