"""Converting from the command line."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click

from synergy.cli.eval_display import open_display
from synergy.data.formats.convert import Conversion, Converted, convert
from synergy.data.formats.format import ImageMode
from synergy.data.formats.registry import FORMATS, writable
from synergy.data.formats.target_table import TargetTable
from synergy.errors import FileError, InputError
from synergy.prompts import get_preset

_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class ConvertOptions:
    """All options of `data convert`."""

    source: Path
    out: Path
    target: str | None
    origin: str | None
    columns: tuple[str, ...]
    images: str | None
    trace: str | None
    prompt_preset: str
    skip_bad: bool


def run_conversion(options: ConvertOptions) -> None:
    """Convert and say what was done; raises as `convert` does."""
    target = writable(options.target or ("vlmevalkit" if options.out.suffix == ".tsv" else "synergy"))
    wanted = Conversion(
        source=options.source,
        out=options.out,
        target=target,
        preset=get_preset(options.prompt_preset),
        origin=options.origin,
        columns=_columns(options.columns),
        images=None if options.images is None else ImageMode(options.images),
        trace=options.trace,
        skip_bad=options.skip_bad,
    )
    with open_display(options.source.name, is_silent=False) as display:

        def show(share: float, num: int) -> None:
            display.show("converting", min(int(100 * share), 99), 100, f"{num:,} rows, in percent")

        done = convert(wanted, show)
    _show(done, wanted)


def list_formats() -> None:
    """The formats, how each may be used and where it is described."""
    for name, each in FORMATS.items():
        use = "read, write" if each.write is not None else "read"
        told = "" if each.detect is not None else "; by --from alone"
        click.echo(f"{name:24}{use}{told}: {each.layout.source}")


def _columns(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        ours, equals, theirs = each.partition("=")
        if not equals or not ours or not theirs:
            raise InputError(f"--map {each}: expected OURS=THEIRS, such as question=problem")
        found[ours] = theirs
    return found


def _show(done: Converted, wanted: Conversion) -> None:
    target, out = wanted.target, wanted.out
    click.echo(f"{done.table.num_rows:,} of {done.num_read:,} rows, {done.origin} to {target.name}: {out}")
    click.echo(f"{done.table.num_images:,} pictures" + _pictures_are(done.table))
    if done.num_no_problem:
        click.echo(f"left out: {done.num_no_problem:,} rows with an answer that cannot be graded, or none")
    if done.left_out:
        click.echo(f"columns left out: {', '.join(done.left_out)}")
    for name, num in sorted(done.table.lost.items()):
        click.echo(f"{target.name} cannot hold {name}: lost in {num:,} rows")
    if done.table.num_escaped:
        click.echo(
            f"{done.table.num_escaped:,} questions hold a word such as <image>: U+2060 stands in it now, so that it is "
            "no picture"
        )
    if target.dataset_info:
        click.echo(f"data set '{out.stem}' is in {out.with_name('dataset_info.json')}")
    if target.note:
        click.echo(f"note: {target.note}")
    if done.dropped:
        _show_dropped(done, out)


def _pictures_are(table: TargetTable) -> str:
    folder = table.path.with_name(f"{table.path.stem}_images")
    return f", in {folder}" if table.images is ImageMode.PATH and table.num_images else ""


def _show_dropped(done: Converted, out: Path) -> None:
    path = out.with_name(f"{out.name}.dropped.jsonl")
    lines = [json.dumps({"row": where, "why": why}, ensure_ascii=False) + "\n" for where, why in done.dropped]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror}); the table itself is whole") from None
    kinds = Counter(why.partition(";")[0].partition(":")[0] for _, why in done.dropped)
    click.echo(f"dropped: {len(done.dropped):,} rows, listed in {path}")
    for kind, num in kinds.most_common(_SHOWN):
        click.echo(f"  {num:,}: {kind}")
    for where, why in done.dropped[:_SHOWN]:
        click.echo(f"  {where}: {why}")
