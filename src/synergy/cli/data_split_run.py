"""A split from the command line."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from synergy.cli.eval_display import open_display
from synergy.config.data import FileDataConfig
from synergy.config.filters import NearDuplicatesFilter
from synergy.config.load import build
from synergy.data.split_table import SPLIT, SplitFile, split_table
from synergy.data.splitting import By, Splitting, check_parts
from synergy.errors import InputError


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """All options of `data split`."""

    table: Path
    parts: tuple[str, ...]
    by: By
    stratify: str | None
    seed: int
    layout: str | None
    trace_column: str | None
    out: Path
    as_json: bool


def run_split(options: SplitOptions) -> int:
    """Split, show, and return the number of rows that leak; raises as `split_table` does."""
    columns = tuple(name.strip() for name in options.stratify.split(",")) if options.stratify else ()
    splitting = Splitting(
        parts=check_parts([_part(text) for text in options.parts]),
        by=options.by,
        stratify=columns,
        seed=options.seed,
    )
    section = {"source": "file", "path": str(options.table), "trace_column": options.trace_column}
    section |= {} if options.layout is None else {"layout": options.layout}
    data = build(FileDataConfig, section, label="--layout")
    with open_display("split", is_silent=options.as_json) as display:
        found = split_table(data, splitting, NearDuplicatesFilter(by="near_duplicates"), options.out, display.stage)
    if options.as_json:
        click.echo(json.dumps(found.model_dump(mode="json"), indent=1))
    else:
        _show(found, options.out)
    return found.leaks.num_leaks


def _part(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    try:
        return name.strip(), float(share)
    except ValueError:
        raise InputError(f"--part {text}: expected NAME=SHARE, such as train=0.9") from None


def _show(found: SplitFile, out: Path) -> None:
    total = sum(found.num_rows.values())
    for name, num in found.num_rows.items():
        click.echo(f"{out / name}.parquet: {num} rows, {num / total:.1%} ({found.shares[name]:.1%} asked for)")
    table = Table(title="Alike in two parts")
    table.add_column("what")
    table.add_column("rows", justify="right")
    table.add_column("between", overflow="fold")
    for kind, counts in found.leaks.kinds.items():
        between = "; ".join(f"{parts}: {num}" for parts, num in counts.by_parts.items())
        table.add_row(kind.replace("_", " "), str(counts.num_rows), between)
    Console().print(table)
    if found.leaks.num_leaks:
        pair = found.leaks.kinds["nearly_same_row"].pairs[0]
        click.echo(
            f"warning: {found.leaks.num_leaks} rows leak: {pair.part} has '{pair.id}', {pair.like_part} has "
            f"'{pair.like}'; expected none: drop them by the filter near_duplicates, or split --by pictures",
            err=True,
        )
    click.echo(f"{out / SPLIT}")
