"""Showing a page to the person at the keyboard, if there is one."""

import os
import sys
from pathlib import Path

import click


def show_page(path: Path) -> None:
    """Open a page in the browser; on a server without a screen say so instead of trying every browser there is."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        click.echo(f"no screen to show it on: copy {path} to a computer with a browser", err=True)
        return
    click.launch(str(path))
