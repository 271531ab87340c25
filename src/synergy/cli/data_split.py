"""`synergy data split`: a table in named parts, with a report of what leaks between them."""

from pathlib import Path
from typing import Any

import click

from synergy.cli.options import json_option, layout_option


@click.command("split", epilog="Example: synergy data split in.parquet --part train=0.9 --part test=0.1 --out parts")
@click.argument("table", metavar="TABLE", type=click.Path(path_type=Path))
@click.option(
    "--part", "parts", multiple=True, required=True, metavar="NAME=SHARE", help="A part; shares add up to 1. Repeat."
)
@click.option(
    "--by",
    type=click.Choice(["group", "content", "pictures", "source"]),
    default="group",
    show_default=True,
    help="What stays together: rows of a group (the column group, else each row), of equal question and pictures, of a "
    "common picture, of a source.",
)
@click.option("--stratify", metavar="COLUMN[,COLUMN…]", help="Shares hold in each: family,level,answer_kind.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="0: the places of hashed_part.")
@layout_option
@click.option("--trace", "trace_column", metavar="COLUMN", help="TABLE's column of worked answers, if it has one.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="Where to write.")
@json_option
@click.pass_context
def split(ctx: click.Context, **options: Any) -> None:
    """Part TABLE by a hash of what stays together; no group is in two parts, and no list of ids is needed.

    Writes FOLDER/NAME.parquet for each part and FOLDER/split.json. Then looks for rows that are equal, or nearly, in
    two parts all the same. The exit status is 0 where no question about the same pictures is, 1 where one is, 2 for an
    error.

    \b
    Examples:
      synergy data split problems.parquet --part train=0.8 --part validation=0.1 --part test=0.1 --out parts
      synergy data split puzzlevqa --layout puzzlevqa --part train=0.6 --part test=0.4 --stratify family --out parts
    """
    from synergy.cli.data_split_run import SplitOptions, run_split

    ctx.exit(1 if run_split(SplitOptions(**options)) else 0)
