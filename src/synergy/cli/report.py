"""`synergy report`: a study's folder as one page."""

from pathlib import Path

import click

from synergy.cli.browser import show_page


@click.command(epilog="Example: synergy report runs/pocket --open")
@click.argument("folder", metavar="STUDY", type=click.Path(path_type=Path))
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Default: STUDY/report.html."
)
@click.option("--open", "opens", is_flag=True, help="Show it in the browser.")
def report(folder: Path, out: Path | None, opens: bool) -> None:
    """Write a study's report: one HTML file that needs nothing else.

    STUDY is a study's folder, such as runs/pocket. Arms that are not evaluated yet are left out.
    """
    from synergy.report.page import write_report

    path = write_report(folder, out)
    click.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    if opens:
        show_page(path)
