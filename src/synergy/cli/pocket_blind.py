"""`synergy pocket blind`: is the picture needed?"""

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from synergy.pocket.blind import blind_score
from synergy.pocket.families import FAMILIES


@click.command(epilog="Example: synergy pocket blind --train 4000")
@click.option(
    "--train",
    type=click.IntRange(100),
    default=2000,
    show_default=True,
    help="Questions to fit on, a family.",
)
@click.option(
    "--evaluate",
    type=click.IntRange(50),
    default=600,
    show_default=True,
    help="Questions to score, a family.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.pass_context
def blind(ctx: click.Context, train: int, evaluate: int, seed: int) -> None:
    """Fit guessers on the questions alone and score them; exit status 1 where one passes its limit."""
    scores = [
        blind_score(family, train, evaluate, seed)
        for family in track(FAMILIES, description="fitting guessers", transient=True)
    ]
    table = Table("family", "stronger guesser", "score", "limit", "")
    for score in scores:
        verdict = "ok" if score.passes else "too high"
        table.add_row(score.family, score.guesser, f"{score.score:.1%}", f"{score.limit:.0%}", verdict)
    Console().print(table)
    ctx.exit(0 if all(score.passes for score in scores) else 1)
