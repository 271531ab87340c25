"""`synergy tune`: choose a study's learning rates."""

import os
from pathlib import Path

import click

from synergy.cli.options import set_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(epilog="Example: synergy tune studies/pocket_tune.yaml")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@set_option
@click.option("--plan", "is_plan", is_flag=True, help="Show what would be tried and change nothing.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder of its trainings; runs/ and FILE's name.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores if left out.")
def tune(file: Path, overrides: tuple[str, ...], is_plan: bool, out: Path | None, threads: int | None) -> None:
    """Try every learning rate that FILE names on validation problems, and write the choice where the study reads it.

    \b
    Every stage tries the same number of rates. Later stages start from what was chosen for earlier ones. Run
    the same command again after an interruption and it goes on. The study's report shows every try.
    """
    from synergy.cli.tune_run import run_tuning

    run_tuning(file, overrides, is_plan=is_plan, out=out or Path("runs") / file.stem, threads=threads)
