"""`synergy pocket build`: the tiny model from nothing."""

import os
from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from synergy.cli.options import set_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
_LINE_EVERY_STEPS = 50  #: where there is no terminal to draw bars on


@click.command(epilog="Example: synergy pocket build --size tiny --seed 1 --out my-pocket")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to make.")
@click.option(
    "--size",
    default="small",
    show_default=True,
    metavar="NAME",
    help="tiny, small or base: about 0.4, 1.7 or 3.5 M parameters.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of weights and training data.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores if left out.")
@set_option
def build(out: Path, size: str, seed: int, threads: int | None, overrides: tuple[str, ...]) -> None:
    """Make a pocket model: learn to see cells, then to describe pictures, then to answer briefly.

    A killed build goes on where it stopped when it is called again. The folder that it makes loads with plain
    AutoModelForImageTextToText and AutoProcessor, and holds its card.
    """
    import torch

    from synergy.pocket.build.run import finish, load_size, open_building_folder, train
    from synergy.pocket.card import measure_card

    if threads:
        torch.set_num_threads(threads)
    config = load_size(size, (f"seed={seed}", *overrides))
    folder = open_building_folder(config, out)
    columns = (
        TextColumn("{task.description:10}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[metrics]}"),
    )
    with Progress(*columns) as progress:
        bars = {
            name: progress.add_task(name, total=getattr(config.stages, name).num_steps, metrics="", start=False)
            for name in ("cells", "pictures", "answers")
        }
        training = train(config, folder)
        while True:
            try:
                step = next(training)
            except StopIteration as stopped:
                built = stopped.value
                break
            progress.start_task(bars[step.stage])
            shown = ", ".join(f"{name} {value:.3f}" for name, value in step.metrics.items())
            progress.update(bars[step.stage], completed=step.step, metrics=shown)
            if not progress.console.is_terminal and step.step % _LINE_EVERY_STEPS == 0:
                click.echo(f"{step.stage} {step.step}: {shown}")
        bar = progress.add_task("card", total=1.0, metrics="")
        card = measure_card(
            built.model,
            built.processor,
            progress=lambda part, share: progress.update(bar, completed=share, metrics=part),
        )
    finish(built, folder, out, {"README.md": card.to_markdown(config), "card.json": card.to_json()})
    click.echo(f"{out}: {'within' if card.within else 'outside'} the promised bounds; see {out / 'README.md'}")
