"""`synergy data show`: what each step did to samples."""

from pathlib import Path

import click


@click.command(epilog="Example: synergy data show runs/pipeline-pocket --dropped wrong_answer")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--id", "key", metavar="SOURCE/ID", help="This sample.")
@click.option("--dropped", metavar="REASON", help="Samples dropped for this reason.")
@click.option("--failed", is_flag=True, help="Samples without an answer.")
@click.option("--num", type=click.IntRange(1), default=3, show_default=True, help="Show at most so many.")
@click.option("--prompts", is_flag=True, help="Show what was asked too, images by their hashes.")
def show(run: Path, key: str | None, dropped: str | None, failed: bool, num: int, prompts: bool) -> None:
    """Print what each step of the pipeline in folder RUN did to samples: the first ones, or those chosen.

    \b
    Examples:
      synergy data show runs/pipeline-pocket
      synergy data show runs/pipeline-pocket --id boards/train-sum-1-0-s0 --prompts
    """
    from synergy.cli.data_show_run import ShowOptions, show_samples

    show_samples(ShowOptions(run=run, key=key, dropped=dropped, failed=failed, num=num, prompts=prompts))
