"""`synergy distil`: training data from a model's own right answers."""

import os
from pathlib import Path

import click

from synergy.cli.options import set_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(epilog="Example: synergy distil examples/distil/pocket.yaml --out distilled")
@click.argument("config", metavar="CONFIG", type=click.Path(path_type=Path))
@set_option
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="Where to write.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores if left out.")
def distil(config: Path, overrides: tuple[str, ...], out: Path, threads: int | None) -> None:
    """Let the model of CONFIG (of kind distil) answer problems and keep what is right, as a table to train on.

    Writes FOLDER/data.parquet, which `data: {source: file, trace_column: trace}` of a training reads, and
    FOLDER/counts.json: what was kept, dropped and added, in by_problem.jsonl for each problem. Problems held out
    by validation_share are in FOLDER/validation.parquet. Run again after an interruption and it goes on.

    \b
    Examples:
      synergy distil examples/distil/pocket.yaml --out distilled
      synergy distil examples/distil/pocket.yaml --set keep=all --set unsolved=demonstrate --out mixed
      synergy distil examples/distil/pocket.yaml --set samples_per_problem=4 --set 'trim={}' --out trimmed
    """
    from synergy.cli.distil_run import run_distillation

    run_distillation(config, overrides, out, threads)
