"""`synergy data convert`: a table in another format."""

from pathlib import Path
from typing import Any

import click


def _list(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    del option
    if value:
        from synergy.cli.data_convert_run import list_formats

        list_formats()
        ctx.exit()


@click.command(epilog="Example: synergy data convert k12.json out.parquet")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--to", "target", metavar="FORMAT", help="The format of OUT; ours if left out, vlmevalkit for .tsv.")
@click.option("--from", "origin", metavar="FORMAT", help="The format of IN; told by its columns if left out.")
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    help="A column of IN under another name, such as question=problem; with --to plain a column of OUT. Repeat it.",
)
@click.option(
    "--images",
    type=click.Choice(["bytes", "base64", "path"]),
    help="How OUT holds pictures; as its format usually does if left out. path: files in OUT's name with _images.",
)
@click.option("--trace", metavar="COLUMN", help="The column with the worked answers to take; trace if left out.")
@click.option(
    "--prompt-preset",
    default="boxed",
    show_default=True,
    metavar="NAME",
    help="How questions are asked and responses laid out, where the format has them as a chat.",
)
@click.option("--skip-bad", is_flag=True, help="Drop rows that cannot be converted and list them in OUT.dropped.jsonl.")
@click.option(
    "--formats", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the formats and stop."
)
def convert(**options: Any) -> None:
    """Convert the table IN, or a folder of tables, to OUT, a row at a time.

    What OUT's format cannot hold is said with counts. A row with a missing or broken picture or without an answer ends
    it, and OUT is not made; --skip-bad drops such rows.

    \b
    Examples:
      synergy data convert k12.json out.parquet
      synergy data convert pocket-data/train.parquet train.jsonl --to ms_swift --trace long_trace
      synergy data convert mine.jsonl out.parquet --map question=problem --map answer=solution
      synergy data convert --formats
    """
    from synergy.cli.data_convert_run import ConvertOptions, run_conversion

    run_conversion(ConvertOptions(**options))
