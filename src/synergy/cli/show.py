"""`synergy show`: what a folder or file of ours holds, in a screenful."""

from pathlib import Path

import click


@click.command(epilog="Example: synergy show runs/pocket")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
def show(path: Path) -> None:
    """Print a study, one of its steps, a training run or a score: what it is, what it took, how it came out."""
    from synergy.cli.show_folder import show_folder

    show_folder(path)
