"""Which problems of the pocket: the options that verbs share which take several of them."""

from collections.abc import Callable
from typing import Any

import click

from synergy.pocket.families import FAMILIES
from synergy.pocket.world import SPLITS

_OPTIONS = (
    click.option("--split", default="train", show_default=True, metavar="NAME", help=f"One of: {', '.join(SPLITS)}."),
    click.option("--num", type=click.IntRange(1), default=2000, show_default=True, help="Number of problems."),
    click.option(
        "--family",
        "families",
        multiple=True,
        metavar="NAME",
        help=f"Repeat for several; the training families if left out. One of: {', '.join(FAMILIES)}.",
    ),
    click.option("--level", "levels", type=int, multiple=True, help="Repeat for several; all five if left out."),
    click.option("--seed", type=int, default=0, show_default=True, help="Another seed gives other problems."),
)


def problem_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add them to a command: `split`, `num`, `families`, `levels` and `seed`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
