"""Fetching from the command line."""

from dataclasses import dataclass
from pathlib import Path

import click

from synergy.cli.eval_display import open_display
from synergy.data.fetch.fetch import FETCHED, fetch, plan
from synergy.data.fetch.listing import Hub, Listing
from synergy.data.fetch.published import PUBLISHED, Published, get_published
from synergy.errors import InputError

_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class FetchOptions:
    """All options of `data fetch`."""

    name: str
    revision: str | None
    out: Path | None
    only: tuple[str, ...]
    yes: bool


def run_fetch(options: FetchOptions) -> None:
    """Show what it is, ask, fetch; raises as `plan` and `fetch` do."""
    data = get_published(options.name)
    folder = options.out or Path("data") / options.name
    hub = _hub()
    listing = plan(hub, data, options.revision, folder, options.only)
    _show(data, listing, folder)
    if not options.yes and not click.confirm(f"fetch {_size(listing.num_bytes)}?"):
        return
    with open_display(options.name, is_silent=False) as display:

        def show(what: str, done: int, num: int) -> None:
            display.show("fetching", min(100 * done // max(num, 1), 99), 100, f"in percent: {what}")

        unpacked = fetch(hub, data, listing, folder, show)
    for archive, num in unpacked.items():
        click.echo(f"{archive}: {num:,} files")
    click.echo(f"{folder}: {len(listing.files)} files, checked; {FETCHED} says where they are from")
    if data.without:
        click.echo(f"not in it: {data.without}")
    click.echo(f"its tables: synergy data convert {folder}/… OUT --from {data.format}")


def list_published() -> None:
    """The data sets by name."""
    for name, each in PUBLISHED.items():
        click.echo(f"{name:24}{each.repository}: {each.about}")


def _hub() -> Hub:
    from huggingface_hub import constants, get_token

    if constants.HF_HUB_OFFLINE:
        raise InputError("HF_HUB_OFFLINE is set; expected leave to ask the hub: unset it")
    return Hub(url=constants.ENDPOINT.rstrip("/"), token=get_token())


def _show(data: Published, listing: Listing, folder: Path) -> None:
    click.echo(f"{listing.repository}: {data.about}")
    click.echo(f"commit {listing.commit}, licence {listing.licence}, {_size(listing.num_bytes)}, to {folder}")
    for file in listing.files[:_SHOWN]:
        click.echo(f"  {file.path}  {_size(file.num_bytes)}")
    if len(listing.files) > _SHOWN:
        click.echo(f"  and {len(listing.files) - _SHOWN} more")


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.1f} GB" if num_bytes >= 1e9 else f"{num_bytes / 1e6:.1f} MB"
