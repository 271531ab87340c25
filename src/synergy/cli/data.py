"""`synergy data`: reasoning data, from others' formats and for others' frameworks."""

import click

from synergy.cli.lazy import LazyGroup, Verb

VERBS = {
    "convert": Verb("synergy.cli.data_convert:convert", "Turn a table into another framework's format, or into ours."),
    "fetch": Verb("synergy.cli.data_fetch:fetch", "Fetch a published data set from the hub, checked and unpacked."),
}


@click.group(cls=LazyGroup, verbs=VERBS)
def data() -> None:
    """Make, check, tag, split and convert reasoning data.

    \b
    Example:
      synergy data convert problems.parquet train.json --to llamafactory_sharegpt --trace long_trace
    """
