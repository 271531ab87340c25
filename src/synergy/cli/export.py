"""`synergy export`: an arm for another framework."""

from pathlib import Path
from typing import Any

import click

from synergy.cli.options import set_option


@click.command(epilog="Example: synergy export studies/pocket.yaml rl --to verl --out rl-in-verl")
@click.argument("file", metavar="STUDY", type=click.Path(path_type=Path))
@click.argument("arm", metavar="ARM")
@set_option
@click.option("--to", "target", required=True, metavar="FRAMEWORK", help="llamafactory, verl or easyr1.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to write.")
@click.option("--seed", type=int, help="One of the study's seeds; its first if left out.")
@click.option("--axis", "axes", multiple=True, metavar="NAME=LABEL", help="A point of an axis; its first if left out.")
@click.option(
    "--study",
    "folder",
    type=click.Path(path_type=Path),
    help="The study's folder, for data that its steps have made; runs/NAME if left out.",
)
@click.option(
    "--template",
    default="qwen2_vl",
    show_default=True,
    metavar="NAME",
    help="LLaMA-Factory's template for the model; other frameworks take the model's own.",
)
def export(**options: Any) -> None:
    """Write the trainings of ARM of a study as another framework's configuration, data and reward function.

    SFT goes to LLaMA-Factory, RL to verl or EasyR1. NOT_THE_SAME.md says what the framework cannot express, and which
    commands to run.

    \b
    Examples:
      synergy export studies/pocket.yaml sft --to llamafactory --out there
      synergy export studies/pocket.yaml two_stage --to easyr1 --out there
    """
    from synergy.cli.export_run import ExportOptions, run_export

    run_export(ExportOptions(**options))
