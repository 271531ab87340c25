"""`synergy data fetch`: published data sets."""

from pathlib import Path
from typing import Any

import click


def _list(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    del option
    if value:
        from synergy.cli.data_fetch_run import list_published

        list_published()
        ctx.exit()


@click.command(epilog="Example: synergy data fetch s1k --out s1k")
@click.argument("name", metavar="NAME")
@click.option("--revision", metavar="REVISION", help="A branch, tag or commit; main if left out.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to; data/NAME if left out.")
@click.option("--only", multiple=True, metavar="PATTERN", help='Only files that match, such as "*.parquet". Repeat it.')
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the data sets and stop."
)
def fetch(**options: Any) -> None:
    """Fetch the published data set NAME from the Hugging Face hub, or from the one in HF_ENDPOINT.

    Its commit, licence and size are shown first. Files are checked by the hub's checksums, archives unpacked; run the
    same command again after a break and it goes on.

    \b
    Examples:
      synergy data fetch --list
      synergy data fetch vlaa_thinking_grpo --only "*.json" --yes
    """
    from synergy.cli.data_fetch_run import FetchOptions, run_fetch

    run_fetch(FetchOptions(**options))
