"""`synergy diagnose`: what happened to a model."""

from pathlib import Path

import click

from synergy.cli.options import json_option


@click.command(
    epilog="\b\nExamples:\n"
    "  synergy diagnose runs/pocket --against base\n"
    "  synergy diagnose runs/pocket --against base --arm rl --only lengths\n"
    "  synergy diagnose runs/my-grpo --against pocket"
)
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--against",
    metavar="ARM|MODEL",
    help="What to compare with: an arm of the study, a model's folder, or pocket.  [default: a study's baseline]",
)
@click.option("--arm", "arms", multiple=True, metavar="NAME", help="Only this arm of a study; may be repeated.")
@click.option("--only", "names", multiple=True, metavar="NAME", help="Only this diagnostic; may be repeated.")
@click.option("--models", "runs_models", is_flag=True, help="Also those that run models again, which takes minutes.")
@click.option("--list", "lists", is_flag=True, is_eager=True, help="Say what each diagnostic asks, and stop.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of everything drawn.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all cores if left out.")
@json_option
def diagnose(
    folder: Path,
    against: str | None,
    arms: tuple[str, ...],
    names: tuple[str, ...],
    runs_models: bool,
    lists: bool,
    seed: int,
    threads: int | None,
    as_json: bool,
) -> None:
    """Ask diagnostics about a study's models, or about one run or evaluation.

    RUN is a study's folder, a training run's, or an evaluation's with samples.parquet. What is found is kept in
    RUN/diagnostics, where `synergy report` reads it.
    """
    from synergy.cli.diagnose_run import list_diagnostics, run_diagnose

    if lists:
        list_diagnostics()
        return
    run_diagnose(
        folder,
        against=against,
        arms=arms,
        names=names,
        runs_models=runs_models,
        seed=seed,
        threads=threads,
        as_json=as_json,
    )
