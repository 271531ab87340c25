"""`synergy pocket export`: problems, pictures and traces as parquet."""

from itertools import islice
from pathlib import Path

import click
from rich.progress import Progress

from synergy.cli.pocket_options import problem_options
from synergy.pocket.export import export as export_items
from synergy.pocket.families import TRAINING_FAMILIES
from synergy.pocket.tasks import LEVELS
from synergy.pocket.world import check_address, stream


@click.command(epilog="Example: synergy pocket export --split train --num 2000 --out pocket-data")
@problem_options
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write to.")
def export(split: str, num: int, families: tuple[str, ...], levels: tuple[int, ...], seed: int, out: Path) -> None:
    """Write OUT/SPLIT.parquet with question, answer, PNG picture, caption, both traces and text twin a row.

    Families and levels take turns, so any number is balanced; train, validation and evaluation never share a
    problem. Read it with datasets.load_dataset("parquet", data_files="OUT/train.parquet").
    """
    families, levels = families or TRAINING_FAMILIES, levels or LEVELS
    check_address(split, families, levels)
    source = islice(stream(split, families=families, levels=levels, seed=seed), num)
    with Progress(transient=True) as progress:
        bar = progress.add_task(f"{split} problems", total=num)
        for done in export_items(source, out, split):
            progress.update(bar, completed=done)
    target = out / f"{split}.parquet"
    click.echo(f"{num} problems: {target} ({target.stat().st_size / 1e6:.1f} MB)")
