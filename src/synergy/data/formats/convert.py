"""From a table in one format to a table in another, a row at a time; what is lost or dropped is counted."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from synergy.data.formats.format import Format, ImageMode
from synergy.data.formats.our_row import FIELDS, TAG, TRACE, checked
from synergy.data.formats.plain import PLAIN
from synergy.data.formats.registry import detected, get_format
from synergy.data.formats.synergy import SYNERGY
from synergy.data.formats.tagged import tags
from synergy.data.formats.target_table import TargetTable
from synergy.data.layouts.lay_out import check_columns
from synergy.data.layouts.layout import Row
from synergy.data.layouts.shapes import read_row
from synergy.data.row_stream import RowStream
from synergy.data.tables import table_files
from synergy.errors import FileError, InputError, nearest, unknown_name
from synergy.prompts import PromptPreset

_TSV = ".tsv"
OnProgress = Callable[[float, int], None]  #: the share that was read, and the number of rows


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What is wanted."""

    source: Path  #: a table, or a folder of them
    out: Path
    target: Format
    preset: PromptPreset
    origin: str | None = None  #: the source's format; None to tell by its columns
    columns: Mapping[str, str] = field(default_factory=dict)  #: our name → theirs, of the source or for target plain
    images: ImageMode | None = None  #: None for the usual way of format and file
    trace: str | None = None  #: the column that holds the trace; None for "trace"
    skip_bad: bool = False


@dataclass(kw_only=True)
class Converted:
    """What was done."""

    origin: str = ""
    num_read: int = 0
    num_no_problem: int = 0  #: rows whose answers we cannot grade, and the like
    dropped: list[tuple[str, str]] = field(default_factory=list)  #: where, and why
    left_out: dict[str, None] = field(default_factory=dict)  #: columns of a source of ours that are no problem's
    table: TargetTable  #: what was written


def convert(wanted: Conversion, on_progress: OnProgress = lambda share, num: None) -> Converted:
    """Write the table and what belongs beside it.

    A bad row ends it with an InputError or FileError that names the row, and nothing is left under the final name;
    with `skip_bad` it is dropped and listed.
    """
    for name in wanted.columns:
        if name not in FIELDS:
            raise unknown_name("field in --map", name, FIELDS)
    table = TargetTable(wanted.out, wanted.target, wanted.preset, wanted.images, wanted.columns)
    files = table_files(wanted.source, (_TSV,))
    if wanted.out.resolve() in [file.resolve() for file in files]:
        raise InputError(f"{wanted.out}: is the source itself; expected another file to write to")
    done = Converted(table=table)
    rows = _rows(wanted, files, done, on_progress)
    first = list(islice(rows, 1))
    if not first:
        raise InputError(f"{wanted.source}: no row of {done.num_read} is a problem; expected at least one")
    with table.open([name for name in first[0][1] if TAG.fullmatch(name)]):
        for where, row in chain(first, rows):
            try:
                table.add(row)
            except (InputError, FileError) as error:
                _drop(wanted, done, where, error)
        if not table.num_rows:
            raise InputError(f"{wanted.source}: no row of {done.num_read} could be written; expected at least one")
    return done


def _rows(
    wanted: Conversion, files: list[Path], done: Converted, on_progress: OnProgress
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Our rows with where they stand, pictures as they were."""
    seen: set[str] = set()
    origin = None if wanted.origin is None else get_format(wanted.origin)
    for number, file in enumerate(files):
        stream = RowStream(file)
        for position, theirs in enumerate(stream, start=1):
            where = f"{file}, row {position}"
            if position == 1:
                _check_map(file, theirs, wanted)
            row = _renamed(theirs, wanted)
            if origin is None:
                origin = detected(file, list(row), row)
            if position == 1:
                done.origin = origin.name
                check_columns(str(file), list(row), origin.layout, origin.name)
            done.num_read += 1
            if origin is SYNERGY:
                done.left_out.update(dict.fromkeys(name for name in row if _is_left_out(name, wanted)))
            try:
                ours = _ours(row, origin, wanted, position, file.stem if wanted.source.is_dir() else None)
                if ours is None:
                    done.num_no_problem += 1
                    continue
                if ours["id"] in seen:
                    raise InputError(f"the id '{ours['id']}' is another row's, too; expected different ids")
            except (InputError, FileError) as error:
                _drop(wanted, done, where, error)
                continue
            seen.add(ours["id"])
            ours["images"] = [(cell, file.parent) for cell in ours["images"]]
            yield where, ours
            on_progress((number + stream.fraction_read) / len(files), done.num_read)


def _ours(row: Row, origin: Format, wanted: Conversion, position: int, family: str | None) -> dict[str, Any] | None:
    read = read_row(origin.layout, row)
    if read is None:
        return None
    number = str(position) if family is None else f"{family}/{position}"
    found: dict[str, Any] = {"id": number, "family": family, **read}
    found = {name: value for name, value in found.items() if value is not None}
    if origin is SYNERGY:
        found |= tags(row)
    if wanted.trace is not None:
        if wanted.trace not in read:
            known = [name for name in read if "trace" in name or name in origin.layout.traces]
            raise InputError(
                f"--trace {wanted.trace}: no such column{nearest(wanted.trace, known)}; expected one of: "
                f"{', '.join(known) or 'none, as the source has no traces'}"
            )
        found[TRACE] = read[wanted.trace]
    ours = checked(found)
    if wanted.target.needs_trace and ours[TRACE] is None:
        known = [name for name, value in read.items() if value and ("trace" in name or name in origin.layout.traces)]
        hint = f"name one of {', '.join(known)} with --trace" if known else "choose a format of prompts alone"
        raise InputError(f"no trace, which format {wanted.target.name} needs; expected a worked answer: {hint}")
    return ours


def _drop(wanted: Conversion, done: Converted, where: str, error: InputError | FileError) -> None:
    if not wanted.skip_bad:
        raise type(error)(f"{where}: {error} (--skip-bad keeps the other rows)") from None
    done.dropped.append((where, str(error)))


def _is_left_out(name: str, wanted: Conversion) -> bool:
    return name not in FIELDS and name != wanted.trace and not TAG.fullmatch(name)


def _check_map(file: Path, row: Row, wanted: Conversion) -> None:
    for ours, theirs in () if wanted.target is PLAIN else wanted.columns.items():
        if theirs not in row:
            raise InputError(
                f"{file}: --map {ours}={theirs}: no such column{nearest(theirs, row)}; expected one of: "
                f"{', '.join(row)}"
            )


def _renamed(row: Row, wanted: Conversion) -> Row:
    """The row with our names for the mapped columns; a column that had one of these names gives way."""
    if not wanted.columns or wanted.target is PLAIN:
        return row
    theirs = set(wanted.columns.values())
    others = {name: value for name, value in row.items() if name not in theirs and name not in wanted.columns}
    return {**others, **{ours: row.get(name) for ours, name in wanted.columns.items()}}
