"""`synergy data`: verbs over tables of problems and traces."""

import click

from synergy.cli.lazy import LazyGroup, Verb

VERBS = {
    "filter": Verb("synergy.cli.data_filter:filter_rows", "Keep the rows that pass filters; say why others go."),
    "tag": Verb("synergy.cli.data_tag:tag", "Measure how difficult problems are for a reference model."),
    "split": Verb("synergy.cli.data_split:split", "Part a table by hash, stratified, and look for leaks."),
}


@click.group(cls=LazyGroup, verbs=VERBS)
def data() -> None:
    """Make, check, tag, split and convert reasoning data: tables of problems, pictures and worked answers.

    \b
    Example:
      synergy data filter problems.parquet --filter exact_duplicates --filter images --out filtered
      synergy data split filtered/data.parquet --part train=0.9 --part validation=0.1 --out parts
    """
