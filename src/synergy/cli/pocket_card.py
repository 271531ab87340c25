"""`synergy pocket card`: what the tiny model can do, measured now, against its bounds."""

import os
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from synergy.cli.options import json_option
from synergy.errors import InputError
from synergy.pocket.shipped import WEIGHTS

# Python's warnings of the model libraries are about choices made on purpose; they would tear the progress bar.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(epilog="Example: synergy pocket card --model my-pocket --json > card.json")
@click.option(
    "--model",
    "folder",
    type=click.Path(path_type=Path),
    default=None,
    help="A folder made by `synergy pocket build`; the shipped model if left out.",
)
@click.option("--problems", type=click.IntRange(25), default=500, show_default=True, help="Evaluation problems.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of problems and samples.")
@json_option
@click.pass_context
def card(ctx: click.Context, folder: Path | None, problems: int, seed: int, as_json: bool) -> None:
    """Sample the model on evaluation problems and print accuracy, difficulty levels, format, captions and speed.

    The exit status is 1 where a measure leaves its promised bounds.
    """
    folder = folder or WEIGHTS
    if not (folder / "model.safetensors").is_file():
        raise InputError(
            f"no model in {folder}; expected a folder with model.safetensors: "
            "make one with `synergy pocket build --out FOLDER`"
        )
    from synergy.pocket.card import measure_card
    from synergy.pocket.probe import load_pocket

    model, processor = load_pocket(folder)
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), transient=True) as progress:
        bar = progress.add_task("card", total=1.0)
        result = measure_card(
            model,
            processor,
            seed=seed,
            num_problems=problems,
            progress=lambda part, share: progress.update(bar, description=part, completed=share),
        )
    if as_json:
        click.echo(result.to_json())
    else:
        table = Table("measure", "value", "± (1 s.e.)", "bounds", "")
        for line in result.lines():
            table.add_row(*line)
        Console().print(table)
        click.echo(", ".join(f"{name} {value}" for name, value in result.settings.items()))
    ctx.exit(0 if result.within else 1)
