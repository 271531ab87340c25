"""`synergy data tag`: how difficult problems are for a reference model."""

import os
from pathlib import Path
from typing import Any

import click

from synergy.cli.eval_common import asking_options

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(epilog="Example: synergy data tag pocket --on pocket --limit 200 --out levels.json")
@asking_options
@click.option("--samples", type=click.IntRange(1), default=16, show_default=True, help="Responses to each problem.")
@click.option(
    "--thresholds",
    default="12,8,5,2",
    show_default=True,
    metavar="N,…",
    help="Of 16 samples the fewest correct ones for level 1, 2, …; other numbers of samples by the same shares.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The file of levels; responses are kept beside it, in FILE's name with -samples.",
)
@click.option(
    "--table",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the problems (of a file all columns) as parquet, with passrate_for_NAME and "
    "difficulty_level_for_NAME.",
)
def tag(**options: Any) -> None:
    """Measure the difficulty of problems: how many of 16 responses of MODEL are correct, as levels 1 (easiest) to 5.

    Thresholds are those of 2507.07562; sampling is the protocol's. Use the file with `synergy eval --levels FILE`,
    whose responses are drawn anew: a score by level from the tagging responses themselves would favour the lucky ones.
    Run the same command again after an interruption and it goes on.

    \b
    Examples:
      synergy data tag pocket --on pocket --limit 200 --out levels.json
      synergy data tag pocket --on file --data problems.parquet --out levels.json --table tagged.parquet
      synergy data tag Qwen/Qwen2.5-VL-7B-Instruct --on mathvista --protocol synergy_dilemma --base --out levels.json
    """
    from synergy.cli.data_tag_run import TagOptions, run_tagging

    run_tagging(TagOptions(**options))
