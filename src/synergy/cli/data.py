"""`synergy data`: reasoning data, from making it to handing it over."""

import click

from synergy.cli.lazy import LazyGroup, Verb

VERBS = {
    "convert": Verb("synergy.cli.data_convert:convert", "Turn a table into another framework's format, or into ours."),
    "fetch": Verb("synergy.cli.data_fetch:fetch", "Fetch a published data set from the hub, checked and unpacked."),
    "pipeline": Verb("synergy.cli.data_pipeline:pipeline", "Caption, distil, rewrite, verify, split: make traces."),
    "show": Verb("synergy.cli.data_show:show", "Print what each step of a pipeline did to a sample."),
}


@click.group(cls=LazyGroup, verbs=VERBS)
def data() -> None:
    """Make, check, tag, split and convert reasoning data.

    \b
    Example:
      synergy data convert problems.parquet train.json --to llamafactory_sharegpt --trace long_trace
      synergy data pipeline examples/pipelines/pocket.yaml --plan
      synergy data pipeline examples/pipelines/pocket.yaml
      synergy data show runs/pipeline-pocket --dropped wrong_answer
    """
