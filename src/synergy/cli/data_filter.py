"""`synergy data filter`: the rows of a table that pass filters, and why the others went."""

import os
from pathlib import Path
from typing import Any

import click

from synergy.cli.options import json_option, layout_option, set_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command("filter", epilog="Example: synergy data filter examples/data/filter.yaml --out filtered")
@click.argument("source", metavar="CONFIG|TABLE", type=click.Path(path_type=Path))
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="NAME[:KEY=VALUE,…]",
    help="With TABLE: a filter, such as length:max_trace=800; repeat for several, in order.",
)
@layout_option
@click.option("--trace", "trace_column", metavar="COLUMN", help="TABLE's column of worked answers, if it has one.")
@set_option
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="Where to write.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of models; all cores if left out.")
@json_option
def filter_rows(**options: Any) -> None:
    """Filter the rows that CONFIG (of kind filter) names, or those of TABLE by --filter, in order.

    Filters: length, language, repetition, exact_duplicates, near_duplicates, contamination, images, cues, pass_rate;
    of a model: pass_count, difficulty, blind, perplexity (in CONFIG, with a section asked). Writes FOLDER/data.parquet
    and FOLDER/filtered.json: in, out, dropped and why, per filter and source. Run again, it goes on.

    \b
    Examples:
      synergy data filter problems.parquet --trace long_trace --filter cues:keep=without --out sft-pool
      synergy data filter puzzlevqa --layout puzzlevqa --trace trace --filter images --filter near_duplicates --out kept
      synergy data filter examples/data/filter.yaml --out filtered
    """
    from synergy.cli.data_filter_run import FilterOptions, run_filters

    run_filters(FilterOptions(**options))
