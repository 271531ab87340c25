"""`synergy pocket show`: a contact sheet of problems."""

from pathlib import Path

import click

from synergy.errors import FileError
from synergy.pocket.families import FAMILIES
from synergy.pocket.sheet import contact_sheet
from synergy.pocket.world import SPLITS, items


@click.command(epilog="Example: synergy pocket show --family count --level 3 --num 12 --out sheet.png")
@click.option("--family", required=True, metavar="NAME", help=f"One of: {', '.join(FAMILIES)}.")
@click.option("--level", type=int, help="Generating difficulty 1 (easiest) to 5; all of them if left out.")
@click.option("--num", type=click.IntRange(1, 200), default=12, show_default=True, help="Number of problems.")
@click.option("--split", default="train", show_default=True, metavar="NAME", help=f"One of: {', '.join(SPLITS)}.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed shows other problems.")
@click.option(
    "--trace",
    type=click.Choice(["short", "long"]),
    default="short",
    show_default=True,
    help="Which expert trace.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The picture to write, such as sheet.png.")
def show(family: str, level: int | None, num: int, split: str, seed: int, trace: str, out: Path) -> None:
    """Draw problems four times enlarged, with question, answer and trace under each picture."""
    levels = {} if level is None else {"levels": (level,)}
    sheet = contact_sheet(items(split, num, families=(family,), seed=seed, **levels), trace)
    try:
        sheet.save(out)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot write {out}: {error}; expected a writable .png or .jpg file") from None
    click.echo(f"{num} problems of {family}: {out} ({sheet.width} x {sheet.height} pixels)")
