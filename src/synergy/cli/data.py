"""`synergy data`: reasoning data, from making it to looking at it."""

import click

from synergy.cli.lazy import LazyGroup, Verb

VERBS = {
    "pipeline": Verb("synergy.cli.data_pipeline:pipeline", "Caption, distil, rewrite, verify, split: make traces."),
    "show": Verb("synergy.cli.data_show:show", "Print what each step of a pipeline did to a sample."),
}


@click.group(cls=LazyGroup, verbs=VERBS)
def data() -> None:
    """Make, check, tag, split and convert reasoning data.

    \b
    Example:
      synergy data pipeline examples/pipelines/pocket.yaml --plan
      synergy data pipeline examples/pipelines/pocket.yaml
      synergy data show runs/pipeline-pocket --dropped wrong_answer
    """
