"""`synergy data pipeline`: traces for SFT and problems for RL, as the second study made them."""

from pathlib import Path

import click

from synergy.cli.options import set_option


@click.command(epilog="Example: synergy data pipeline examples/pipelines/pocket.yaml")
@click.argument("config", metavar="FILE", type=click.Path(path_type=Path))
@set_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The run's folder; runs/pipeline- and FILE's name if left out.",
)
@click.option("--plan", is_flag=True, help="Print calls, tokens and cost as estimated, and ask nothing.")
def pipeline(config: Path, overrides: tuple[str, ...], out: Path | None, plan: bool) -> None:
    """Take the problems of FILE (of kind pipeline) through its steps: caption, distil, rewrite, verify, split.

    Writes FOLDER/rl.parquet, sft.parquet, funnel.json and samples.html. Every reply of a server is kept in
    FOLDER/replies.sqlite, so nothing is paid for twice: run again after an interruption and it goes on.

    \b
    Examples:
      synergy data pipeline examples/pipelines/pocket.yaml
      synergy data pipeline examples/pipelines/vlaa_thinking.yaml --plan
      synergy data pipeline my.yaml --set budget.money=20 --out runs/mine
    """
    from synergy.cli.data_pipeline_run import plan_only, run

    if plan:
        plan_only(config, overrides)
    else:
        run(config, overrides, out or Path("runs") / f"pipeline-{config.stem}")
