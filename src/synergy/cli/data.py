"""`synergy data`: reasoning data, from making it to handing it over."""

import click

from synergy.cli.lazy import LazyGroup, Verb

VERBS = {
    "pipeline": Verb("synergy.cli.data_pipeline:pipeline", "Caption, distil, rewrite, verify, split: make traces."),
    "show": Verb("synergy.cli.data_show:show", "Print what each step of a pipeline did to a sample."),
    "filter": Verb("synergy.cli.data_filter:filter_rows", "Keep the rows that pass filters; say why others go."),
    "tag": Verb("synergy.cli.data_tag:tag", "Measure how difficult problems are for a reference model."),
    "split": Verb("synergy.cli.data_split:split", "Part a table by hash, stratified, and look for leaks."),
    "convert": Verb("synergy.cli.data_convert:convert", "Turn a table into another framework's format, or into ours."),
    "fetch": Verb("synergy.cli.data_fetch:fetch", "Fetch a published data set from the hub, checked and unpacked."),
}


@click.group(cls=LazyGroup, verbs=VERBS)
def data() -> None:
    """Make, check, tag, split and convert reasoning data: tables of problems, pictures and worked answers.

    \b
    Example:
      synergy data pipeline examples/pipelines/pocket.yaml --plan
      synergy data filter problems.parquet --filter exact_duplicates --filter images --out filtered
      synergy data split filtered/data.parquet --part train=0.9 --part validation=0.1 --out parts
      synergy data convert parts/train.parquet train.json --to llamafactory_sharegpt --trace long_trace
    """
