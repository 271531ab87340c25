"""From a table in one format to a table in another, a row at a time; what is lost or dropped is counted."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from synergy.data.formats.cells import cell_of, load
from synergy.data.formats.dataset_info import write_entry
from synergy.data.formats.format import Format, ImageMode, Writing
from synergy.data.formats.marks import has_word
from synergy.data.formats.our_row import FIELDS, TAG, TRACE, checked
from synergy.data.formats.picture_files import PictureFiles
from synergy.data.formats.plain import PLAIN
from synergy.data.formats.registry import detected, get_format
from synergy.data.formats.synergy import SYNERGY
from synergy.data.formats.table_files import TableFile, open_table
from synergy.data.formats.tagged import tags
from synergy.data.layouts.lay_out import check_columns
from synergy.data.layouts.layout import Row
from synergy.data.row_stream import RowStream
from synergy.data.tables import table_files
from synergy.errors import FileError, InputError, nearest, unknown_name
from synergy.problem_columns import DECODED_IMAGES
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
    num_written: int = 0
    num_images: int = 0
    num_no_problem: int = 0  #: rows whose answers we cannot grade, and the like
    num_escaped: int = 0  #: rows with a word that looks like a mark for a picture
    dropped: list[tuple[str, str]] = field(default_factory=list)  #: where, and why
    lost: Counter[str] = field(default_factory=Counter)  #: rows by our column that the target cannot hold
    left_out: tuple[str, ...] = ()  #: columns of the source that are none of ours


def convert(wanted: Conversion, on_progress: OnProgress = lambda share, num: None) -> Converted:
    """Write the table and what belongs beside it.

    A bad row ends it with an InputError or FileError that names the row, and nothing is left under the final name;
    with `skip_bad` it is dropped and listed.
    """
    images = _checked_images(wanted)
    files = table_files(wanted.source, (_TSV,))
    if wanted.out.resolve() in [file.resolve() for file in files]:
        raise InputError(f"{wanted.out}: is the source itself; expected another file to write to")
    done = Converted()
    rows = _rows(wanted, files, done, on_progress)
    first = list(islice(rows, 1))
    if not first:
        raise InputError(f"{wanted.source}: no row of {done.num_read} is a problem; expected at least one")
    tag_columns = [name for name in first[0][1] if TAG.fullmatch(name)] if wanted.target is SYNERGY else []
    pictures = PictureFiles(wanted.out) if images is ImageMode.PATH else None
    try:
        with open_table(wanted.out, _columns(wanted.target, images, tag_columns), _metadata(images)) as table:
            for where, row in chain(first, rows):
                try:
                    _write(row, wanted, images, pictures, table, done)
                except (InputError, FileError) as error:
                    _drop(wanted, done, where, error)
            if not done.num_written:
                raise InputError(f"{wanted.source}: no row of {done.num_read} could be written; expected at least one")
    except BaseException:
        if pictures is not None:
            pictures.remove()
        raise
    if wanted.target.beside:
        write_entry(wanted.out, wanted.target.beside)
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
            row = _renamed(theirs, wanted)
            if origin is None:
                origin = detected(file, list(row), row)
            if position == 1:
                done.origin = origin.name
                check_columns(str(file), list(row), origin.layout, origin.name)
                known = (*FIELDS, wanted.trace) if origin is SYNERGY else tuple(row)
                done.left_out = tuple(name for name in row if name not in known and not TAG.fullmatch(name))
            done.num_read += 1
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
    read = origin.layout.read(row)
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
        known = [name for name, value in read.items() if "trace" in name or (name in origin.layout.traces and value)]
        hint = f"name one of {', '.join(known)} with --trace" if known else "choose a format of prompts alone"
        raise InputError(f"no trace, which format {wanted.target.name} needs; expected a worked answer: {hint}")
    return ours


def _write(
    row: dict[str, Any],
    wanted: Conversion,
    images: ImageMode,
    pictures: PictureFiles | None,
    table: TableFile,
    done: Converted,
) -> None:
    target = wanted.target
    given: list[tuple[object, Path]] = row["images"]
    fewest, most = target.num_images
    if len(given) < fewest or (most is not None and len(given) > most):
        expected = f"{fewest}" if most == fewest else f"{fewest} to {'any number' if most is None else most}"
        raise InputError(f"{len(given)} pictures; expected {expected} in format {target.name}")
    loaded = [load(cell, folder) for cell, folder in given]
    cells = [cell_of(each, images, pictures.put(each) if pictures else None) for each in loaded]
    writing = Writing(preset=wanted.preset, images=images, index=done.num_written)
    assert target.write is not None, "only formats that can be written are targets"
    theirs = target.write({**row, "images": cells}, writing)
    if target is PLAIN:
        theirs = {wanted.columns.get(name, name): value for name, value in theirs.items()}
    table.add(theirs)
    done.num_written += 1
    done.num_images += len(loaded)
    done.num_escaped += target is not SYNERGY and has_word(row["question"])
    done.lost.update(name for name in target.cannot_hold if row[name] not in (None, [], ""))


def _drop(wanted: Conversion, done: Converted, where: str, error: InputError | FileError) -> None:
    if not wanted.skip_bad:
        raise type(error)(f"{where}: {error} (--skip-bad keeps the other rows)") from None
    done.dropped.append((where, str(error)))


def _renamed(row: Row, wanted: Conversion) -> Row:
    """The row with our names for the mapped columns; a column that had one of these names gives way."""
    if not wanted.columns or wanted.target is PLAIN:
        return row
    for ours, theirs in wanted.columns.items():
        if theirs not in row:
            raise InputError(
                f"--map {ours}={theirs}: no such column{nearest(theirs, row)}; expected one of: {', '.join(row)}"
            )
    theirs = set(wanted.columns.values())
    others = {name: value for name, value in row.items() if name not in theirs and name not in wanted.columns}
    return {**others, **{ours: row[name] for ours, name in wanted.columns.items()}}


def _checked_images(wanted: Conversion) -> ImageMode:
    """How pictures are written; raises InputError for a file or a way that the target has not."""
    target, suffix = wanted.target, wanted.out.suffix
    for name in wanted.columns:
        if name not in FIELDS:
            raise unknown_name("field in --map", name, FIELDS)
    if suffix not in target.suffixes:
        raise InputError(
            f"{wanted.out}: expected a file ending in {', '.join(target.suffixes)}, as format {target.name} has"
        )
    possible = [each for each in target.images if each is not ImageMode.BYTES or suffix == ".parquet"]
    if wanted.images is None:
        return ImageMode.BYTES if suffix == ".parquet" and ImageMode.BYTES in possible else possible[0]
    if wanted.images not in possible:
        raise InputError(
            f"--images {wanted.images} with a {suffix} file of format {target.name}; expected one of: "
            f"{', '.join(possible)}"
        )
    return wanted.images


def _columns(target: Format, images: ImageMode, tag_columns: list[str]) -> list[tuple[str, pa.DataType]]:
    tagged = [(name, pa.float64() if name.startswith("passrate") else pa.int64()) for name in tag_columns]
    return [] if target.columns is None else [*target.columns(images), *tagged]


def _metadata(images: ImageMode) -> Mapping[str, str]:
    return DECODED_IMAGES if images is ImageMode.BYTES else {}
