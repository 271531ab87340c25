"""`synergy train`: one training run from its config, or a failed step again."""

import os
from pathlib import Path

import click

from synergy.cli.options import set_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(epilog="Example: synergy train examples/configs/pocket_grpo.yaml --set train.num_steps=3")
@click.argument("config", metavar="CONFIG", type=click.Path(path_type=Path), required=False)
@set_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="The run's folder; runs/NAME-HASH if left out, by the config's hash."
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores if left out.")
@click.option(
    "--replay",
    "replay_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Run again a step whose loss or gradient was not finite, and show where; no CONFIG then.",
)
def train(
    config: Path | None, overrides: tuple[str, ...], out: Path | None, threads: int | None, replay_file: Path | None
) -> None:
    """Train one model as CONFIG says; run the same command again after an interruption and it goes on.

    \b
    The run's folder holds config.json, metrics.jsonl, checkpoints, attempts to read, and in the end
    model/ (loads with plain AutoModelForImageTextToText and AutoProcessor) and summary.json.
    Several processes: torchrun --nproc-per-node 2 -m synergy train CONFIG
    """
    if (config is None) == (replay_file is None):
        raise click.UsageError("expected CONFIG, or --replay FILE without it")
    if replay_file is not None:
        from synergy.cli.train_replay import show_replay

        show_replay(replay_file)
        return
    assert config is not None, "checked above"
    from synergy.cli.train_run import run_config

    run_config(config, overrides, out, threads)
