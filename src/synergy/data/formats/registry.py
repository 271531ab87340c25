"""All formats by name, and which of them a table is in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from synergy.data.formats import trl, vlaa_thinking
from synergy.data.formats.easyr1 import EASYR1
from synergy.data.formats.format import Format
from synergy.data.formats.llamafactory import ALPACA, SHAREGPT
from synergy.data.formats.mm_eureka import MM_EUREKA
from synergy.data.formats.ms_swift import MS_SWIFT
from synergy.data.formats.openrlhf import OPENRLHF
from synergy.data.formats.plain import PLAIN
from synergy.data.formats.s1k import S1K
from synergy.data.formats.synergy import SYNERGY
from synergy.data.formats.tagged import TAGGED
from synergy.data.formats.verl import VERL
from synergy.data.formats.vlmevalkit import VLMEVALKIT
from synergy.data.layouts.eureka_distill import EUREKA_DISTILL
from synergy.data.layouts.geometry3k import GEOMETRY3K
from synergy.data.layouts.layout import Row
from synergy.data.layouts.mm_eureka_k12 import MM_EUREKA_K12
from synergy.data.layouts.puzzlevqa import PUZZLEVQA
from synergy.data.layouts.shapes import UNLIKE
from synergy.errors import InputError, unknown_name

#: others with the same columns are told by name alone: geometry3k is in EasyR1's, eureka_distill in LLaMA-Factory's
_LAYOUTS = (
    Format(
        name="mm_eureka_k12",
        layout=MM_EUREKA_K12,
        detect=lambda columns, _: set(MM_EUREKA_K12.columns) <= set(columns) and "index" not in columns,
    ),
    Format(name="puzzlevqa", layout=PUZZLEVQA, detect=lambda columns, _: set(PUZZLEVQA.columns) <= set(columns)),
    Format(name="geometry3k", layout=GEOMETRY3K),
    Format(name="eureka_distill", layout=EUREKA_DISTILL),
)
FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        SYNERGY,
        EASYR1,
        VERL,
        SHAREGPT,
        ALPACA,
        MS_SWIFT,
        *trl.FORMATS,
        OPENRLHF,
        VLMEVALKIT,
        *vlaa_thinking.FORMATS,
        MM_EUREKA,
        PLAIN,
        *_LAYOUTS,
        S1K,
        TAGGED,
    )
}
READABLE = tuple(FORMATS)
WRITABLE = tuple(name for name, each in FORMATS.items() if each.write is not None)


def get_format(name: str) -> Format:
    """The format of that name; raises InputError naming the nearest one."""
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS)
    return FORMATS[name]


def writable(name: str) -> Format:
    """The format of that name; raises InputError where it can only be read, too."""
    found = get_format(name)
    if found.write is None:
        raise InputError(f"format {name} can only be read; expected one of: {', '.join(WRITABLE)}")
    return found


def detected(path: Path, columns: Sequence[str], row: Row) -> Format:
    """The format of a table by its columns and first row.

    Raises InputError where several fit, naming them, and where none does, with the columns and the map that is needed.
    """
    if _fits(TAGGED, columns, row):
        return TAGGED  # whatever else the benchmark's own columns look like
    found = [each for each in FORMATS.values() if each is not PLAIN and _fits(each, columns, row)]
    if len(found) == 1:
        return found[0]
    shown = ", ".join(columns) or "none"
    if found:
        names = ", ".join(each.name for each in found)
        raise InputError(
            f"{path}: its columns ({shown}) fit several formats, {names}; expected one: say it with --from"
        )
    if _fits(PLAIN, columns, row):
        return PLAIN
    raise InputError(
        f"{path}: its columns ({shown}) fit no format; expected one of {', '.join(FORMATS)}: name it with --from, or "
        "say which columns hold question and answer with --map question=COLUMN --map answer=COLUMN"
    )


def _fits(each: Format, columns: Sequence[str], row: Row) -> bool:
    try:
        return each.detect is not None and each.detect(columns, row)
    except UNLIKE:
        return False
