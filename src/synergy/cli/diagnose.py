"""`synergy diagnose`: what happened to a model."""

from pathlib import Path

import click

from synergy.cli.options import json_option


@click.command(
    epilog="\b\nExamples:\n"
    "  synergy diagnose runs/pocket --against base\n"
    "  synergy diagnose runs/pocket --against base --arm rl --only lengths\n"
    "  synergy diagnose runs/my-grpo --against pocket\n"
    "  synergy diagnose --responses after.json --against before.json --benchmark geoqa"
)
@click.argument("folder", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--against",
    metavar="ARM|MODEL|FILE",
    help="What to compare with: an arm of the study, a model's folder, or pocket; with --responses another such file.  "
    "[default: a study's baseline]",
)
@click.option(
    "--responses",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Responses that somebody saved, in place of RUN; they are graded as `synergy score` grades them.",
)
@click.option(
    "--benchmark",
    metavar="NAME",
    help="The benchmark that FILE answers.  [default: the one whose name is in FILE's name]",
)
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="PATH", help="The benchmark's file, joined to FILE by id."
)
@click.option(
    "--column", "columns", multiple=True, metavar="ROLE=NAME", help="A column of FILE; as in `synergy score`."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for --responses.  [default: runs/diagnose-FILE's name]"
)
@click.option("--arm", "arms", multiple=True, metavar="NAME", help="Only this arm of a study; may be repeated.")
@click.option("--only", "names", multiple=True, metavar="NAME", help="Only this diagnostic; may be repeated.")
@click.option("--models", "runs_models", is_flag=True, help="Also those that run models again, which takes minutes.")
@click.option("--list", "lists", is_flag=True, is_eager=True, help="Say what each diagnostic asks, and stop.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of everything drawn.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all cores if left out.")
@json_option
def diagnose(
    folder: Path | None,
    against: str | None,
    responses: Path | None,
    benchmark: str | None,
    data: Path | None,
    columns: tuple[str, ...],
    out: Path | None,
    arms: tuple[str, ...],
    names: tuple[str, ...],
    runs_models: bool,
    lists: bool,
    seed: int,
    threads: int | None,
    as_json: bool,
) -> None:
    """Ask diagnostics about a study's models, about one run or evaluation, or about saved responses.

    RUN is a study's folder, a training run's, or an evaluation's with samples.parquet. What is found is kept in
    RUN/diagnostics, where `synergy report` reads it. Saved responses are graded into --out, findings lie beside them.
    """
    from synergy.cli.diagnose_run import list_diagnostics, run_diagnose
    from synergy.errors import InputError

    if lists:
        list_diagnostics()
        return
    if (folder is None) == (responses is None):
        raise InputError("diagnose: expected RUN, a folder, or --responses FILE, and not both")
    saved = None
    if responses is not None:
        from synergy.cli.diagnose_responses import SavedResponses

        saved = SavedResponses(file=responses, benchmark=benchmark, data=data, columns=columns, out=out)
    elif benchmark or data or columns or out:
        raise InputError("diagnose: --benchmark, --data, --column and --out belong to --responses FILE; expected it")
    run_diagnose(
        folder,
        against=against,
        arms=arms,
        names=names,
        runs_models=runs_models,
        seed=seed,
        threads=threads,
        as_json=as_json,
        saved=saved,
    )
