"""`synergy study`: plan a study, run what is missing of it, write its report."""

import os
from pathlib import Path

import click

from synergy.cli.options import set_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(epilog="Example: synergy study studies/pocket.yaml --plan")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@set_option
@click.option("--plan", "is_plan", is_flag=True, help="Show what would run and change nothing.")
@click.option("--only", "arms", metavar="ARM", multiple=True, help="Run this arm and what it needs; may be repeated.")
@click.option("--seeds", metavar="N[,N…]", help="Run these of the study's seeds.")
@click.option("--out", type=click.Path(path_type=Path), help="The study's folder; runs/NAME if left out.")
@click.option(
    "--reuse",
    metavar="STUDY",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Take equal steps that this other study's folder has finished; may be repeated.",
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores if left out.")
@click.option("--no-report", is_flag=True, help="Leave out the report at the end.")
@click.option("--open", "opens", is_flag=True, help="Show the report in the browser.")
def study(
    file: Path,
    overrides: tuple[str, ...],
    is_plan: bool,
    arms: tuple[str, ...],
    seeds: str | None,
    out: Path | None,
    reuse: tuple[Path, ...],
    threads: int | None,
    no_report: bool,
    opens: bool,
) -> None:
    """Train every arm of the study in FILE, evaluate it by difficulty, and write a report.

    \b
    Steps that arms share are done once. Run the same command again after an interruption and it goes on; a
    study that is complete costs nothing to run again. In the folder: plan.json (which step is whose), steps/
    (models, metrics, samples), report.html.
    Several processes train together: torchrun --nproc-per-node 2 -m synergy study FILE
    """
    from synergy.cli.study_run import StudyOptions, run_study

    run_study(
        StudyOptions(
            file=file,
            overrides=overrides,
            is_plan=is_plan,
            arms=arms,
            seeds=seeds,
            out=out,
            reuse=reuse,
            threads=threads,
            writes_report=not no_report,
            opens=opens,
        )
    )
