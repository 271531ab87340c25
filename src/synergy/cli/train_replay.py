"""`synergy train --replay`: a step that went wrong, run again and shown batch by batch."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from synergy.training.replay import replay


def show_replay(path: Path) -> None:
    """Run the step again and print its micro-batches, its gradient's norm, and what is not finite."""
    found = replay(path)
    terms = sorted({name for batch in found.batches for name in batch.losses})
    table = Table(box=None)
    for title in ("batch", "problems", "tokens", "lowest log-prob", *terms):
        table.add_column(title, overflow="fold")
    for number, batch in enumerate(found.batches):
        losses = [f"{batch.losses[name]:.4g}" for name in terms]
        shown = ", ".join(batch.problem_ids)
        table.add_row(str(number), shown, str(batch.num_tokens), f"{batch.lowest_logprob:.4g}", *losses)
    Console().print(table)
    click.echo(f"step {found.step}, update {found.update}: gradient norm {found.gradient_norm:.4g}")
    if found.fault is None:
        click.echo("Everything is finite this time.")
    else:
        click.echo(f"Not finite: {found.fault.component}; problems: {', '.join(found.fault.problem_ids)}")
