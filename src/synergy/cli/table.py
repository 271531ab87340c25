"""`synergy table`: score files side by side."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synergy.cli.options import json_option

if TYPE_CHECKING:
    from synergy.evaluation.tables import Cell, ScoreTable


@click.command(epilog="Example: synergy table runs/eval-*/mmstar/score.json")
@click.argument("files", metavar="SCORE.json…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rule", metavar="NAME", help="strict, lenient, official or judged; the judge's where all have it.")
@click.option("--force", is_flag=True, help="Print scores that were made differently, marked as such.")
@json_option
def table(files: tuple[Path, ...], rule: str | None, force: bool, as_json: bool) -> None:
    """Print score files as a table: models down, benchmarks across, the protocol's mean at the end.

    Scores with another protocol, judge, extraction, token limit, metric or other data do not mix: the fields that
    differ are named, and --force prints the table with a footnote.
    """
    from synergy.evaluation.comparable import Labelled
    from synergy.evaluation.score_file import read_score
    from synergy.evaluation.tables import make_table

    found = make_table([Labelled(str(path), read_score(path)) for path in files], rule=rule, force=force)
    if as_json:
        click.echo(json.dumps(_plain(found), indent=2))
    else:
        show_table(found)


def show_table(found: "ScoreTable") -> None:
    """Print a table, with a footnote for each field in which its scores differ."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    mark = " †" if found.mixed else ""
    title = f"protocol {found.protocol}" if found.protocol else "saved responses"
    click.echo(f"{title}, {found.rule} verdicts, %{mark}:")
    shown = Table()
    shown.add_column("model", overflow="fold")
    for column in found.columns:
        shown.add_column(f"{column.title}\n{column.metric}", justify="right")
    has_mean = len(found.mean_of) > 1
    if has_mean:
        shown.add_column(f"mean of\n{len(found.mean_of)}", justify="right")
    for row in found.rows:
        cells = [_cell(row.cells.get(column.benchmark)) for column in found.columns]
        mean = [] if not has_mean else ["–" if row.mean is None else f"{100 * row.mean:.1f}"]
        shown.add_row(*(Text(cell) for cell in (row.model, *cells, *mean)))
    Console().print(shown)
    click.echo("Below a score: its 95 % interval, then the share of responses that were cut off.")
    for each in found.mixed:
        click.echo(f"† made differently: {each.field}: {each.left}, {each.right}")


def _cell(cell: "Cell | None") -> str:
    if cell is None:
        return "–"
    interval = cell.score.interval
    bounds = "" if interval is None else f"{100 * interval[0]:.1f}–{100 * interval[1]:.1f}, "
    return f"{100 * cell.score.value:.1f}\n{bounds}{cell.truncated_fraction:.0%} cut"


def _plain(found: "ScoreTable") -> dict[str, object]:
    return {
        "protocol": found.protocol,
        "rule": found.rule,
        "mean_of": found.mean_of,
        "mixed": [each._asdict() for each in found.mixed],
        "rows": [
            {
                "model": row.model,
                "mean": row.mean,
                "scores": {
                    name: {
                        "value": cell.score.value,
                        "interval": cell.score.interval,
                        "num": cell.score.num,
                        "truncated_fraction": cell.truncated_fraction,
                        "num_unscored": cell.num_unscored,
                    }
                    for name, cell in row.cells.items()
                },
            }
            for row in found.rows
        ],
    }
