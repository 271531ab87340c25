"""`synergy diff`: exactly the fields in which two configs differ."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from synergy.cli.options import json_option, set_option
from synergy.config.diff import ABSENT, Difference
from synergy.config.diff import diff as compare
from synergy.config.kinds import load_any


@click.command(epilog="Example: synergy diff small.yaml base.yaml --set seed=1")
@click.argument("left", metavar="A", type=click.Path(path_type=Path))
@click.argument("right", metavar="B", type=click.Path(path_type=Path))
@set_option
@json_option
@click.pass_context
def diff(ctx: click.Context, left: Path, right: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Compare the configs A and B field by field, defaults and extended files filled in.

    Overrides apply to B, so that comparing a file with itself shows what they change. The exit status is 0
    where nothing differs, 1 where something does, 2 for an error.
    """
    differences = compare(load_any(left), load_any(right, overrides))
    if as_json:
        document = {
            "left": str(left),
            "right": str(right),
            "differences": [_plain(each) for each in differences],
        }
        click.echo(json.dumps(document, indent=2))
    elif differences:
        Console().print(_table(left, right, differences))
    else:
        click.echo(f"{left} and {right} are equal in every field.")
    ctx.exit(1 if differences else 0)


def _plain(difference: Difference) -> dict[str, Any]:
    """For JSON: a side that lacks the field has no key."""
    return {name: value for name, value in difference._asdict().items() if value is not ABSENT}


def _table(left: Path, right: Path, differences: list[Difference]) -> Table:
    table = Table()
    for title in ("field", str(left), str(right)):
        table.add_column(Text(title), overflow="fold")  # a cut value would hide the difference
    for path, *sides in differences:
        cells = ["(absent)" if side is ABSENT else json.dumps(side, ensure_ascii=False) for side in sides]
        table.add_row(*(Text(cell) for cell in (path, *cells)))
    return table
