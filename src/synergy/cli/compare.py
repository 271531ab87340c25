"""`synergy compare`: how far apart two checkpoints are."""

import json
import os
from typing import TYPE_CHECKING

import click

from synergy.cli.options import json_option

if TYPE_CHECKING:
    from synergy.models.merging.compare import CheckpointDifference, TensorDifference

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(epilog="Example: synergy compare our-merge owner/released-merge --num 20")
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@click.option("--num", "num_shown", type=click.IntRange(0), default=10, show_default=True, help="Tensors to list.")
@json_option
@click.pass_context
def compare(ctx: click.Context, left: str, right: str, num_shown: int, as_json: bool) -> None:
    """Compare the weights of the checkpoints A and B (folders, hub names, pocket) tensor by tensor.

    Lists the tensors that are furthest apart, by ‖a − b‖ / ‖a‖; --json lists all. The exit status is 0 where every
    number is equal, 1 where something differs, 2 for an error.
    """
    from synergy.cli.eval_display import open_display
    from synergy.models.merging.compare import compare_checkpoints

    with open_display("weights", is_silent=as_json) as display:
        found = compare_checkpoints(left, right, display.stage)
    if as_json:
        click.echo(json.dumps(_plain(left, right, found), indent=2))
    else:
        _show(found, num_shown)
    ctx.exit(0 if found.is_equal else 1)


def _show(found: "CheckpointDifference", num_shown: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    for names, what in (
        (found.only_left, "in A alone"),
        (found.only_right, "in B alone"),
        (found.other_shape, "of another shape"),
    ):
        if names:
            click.echo(f"{len(names)} tensors {what}, the first is {names[0]}")
    differing = sorted((each for each in found.tensors if each.num_different), key=lambda each: -each.relative)
    click.echo(
        f"{len(differing)} of {len(found.tensors)} tensors differ, {found.num_different:,} of {found.num:,} numbers; "
        f"largest |a − b| {found.max_abs:.3g}, ‖a − b‖ / ‖a‖ {found.relative:.3g}"
    )
    if not differing or not num_shown:
        return
    shown = Table("tensor", "numbers that differ", "largest |a − b|", "‖a − b‖ / ‖a‖")
    for each in differing[:num_shown]:
        cells = (f"{each.num_different / each.num:.1%}", f"{each.max_abs:.3g}", f"{each.relative:.3g}")
        shown.add_row(Text(each.name, overflow="fold"), *(Text(cell, justify="right") for cell in cells))
    Console().print(shown)


def _plain(left: str, right: str, found: "CheckpointDifference") -> dict[str, object]:
    return {
        "left": left,
        "right": right,
        "is_equal": found.is_equal,
        "num": found.num,
        "num_different": found.num_different,
        "max_abs": found.max_abs,
        "relative": _number(found.relative),
        "only_left": found.only_left,
        "only_right": found.only_right,
        "other_shape": found.other_shape,
        "tensors": [_tensor(each) for each in found.tensors],
    }


def _tensor(each: "TensorDifference") -> dict[str, object]:
    return {
        "name": each.name,
        "num": each.num,
        "num_different": each.num_different,
        "max_abs": each.max_abs,
        "relative": _number(each.relative),
    }


def _number(value: float) -> float | None:
    """JSON has no infinity."""
    return None if value == float("inf") else value
