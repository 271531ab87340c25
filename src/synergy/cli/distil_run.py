"""A distillation from the command line."""

from pathlib import Path

import click

from synergy.cli.eval_display import open_display
from synergy.cli.quiet import quieten
from synergy.config.distil import DistilConfig
from synergy.config.load import load
from synergy.evaluation.distil_counts import COUNTS, DistilCounts
from synergy.evaluation.locking import locked
from synergy.evaluation.self_distil import self_distil
from synergy.evaluation.training_table import DATA


def run_distillation(path: Path, overrides: tuple[str, ...], out: Path, threads: int | None) -> None:
    """Distil as the file says; raises as `load` and `self_distil` do."""
    config = load(path, DistilConfig, overrides)
    if config.endpoint is None:
        quieten(threads)
    with locked(out), open_display("distil", is_silent=False) as display:
        counts = self_distil(config, out, display)
    for line in _lines(counts):
        click.echo(line)
    click.echo(f"{out / DATA}, {out / COUNTS}")


def _lines(counts: DistilCounts) -> list[str]:
    return [
        f"{counts.num_responses} responses to {counts.num_problems} problems: {counts.num_correct} right, "
        f"{counts.num_truncated} truncated, {counts.num_unscored} unscored",
        f"{counts.num_kept} kept; dropped: {counts.num_not_laid_out} not laid out as asked, "
        + (f"{counts.num_not_reaching} without the answer once cut, " if counts.config.trim else "")
        + f"{counts.num_not_chosen} not chosen (keep: {counts.config.keep})",
        f"{counts.num_rows} rows: {counts.num_problems_kept} problems by the model, {counts.num_demonstrations} "
        f"demonstrations, {counts.num_problems_left_out} problems left out"
        + (f"; {counts.num_validation_rows} rows to validate" if counts.config.validation_share else "")
        + (f"; {counts.num_trimmed} traces cut" if counts.config.trim else ""),
    ]
