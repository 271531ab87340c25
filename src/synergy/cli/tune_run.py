"""Tuning from the command line: the plan, the tries, the choice."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from synergy.cli.study_display import open_display
from synergy.cli.study_run import use_threads
from synergy.config.load import load
from synergy.config.tuning import TuneConfig, TuningConfig
from synergy.studies.tuning import Tuning, tuned_document
from synergy.training.run_folder import write_json


def run_tuning(file: Path, overrides: Sequence[str], *, is_plan: bool, out: Path, threads: int | None) -> None:
    """Plan, and unless that is all that was asked for, try, choose and write; raises as what it calls does."""
    tuning = Tuning(load(file, TuneConfig, overrides), file)
    if is_plan:
        _show_plan(tuning)
        return
    use_threads(threads)
    with open_display() as display:
        found = tuning.run(out, display, display.show)
    write_json(tuning.result_file, tuned_document(found))
    _show(found)
    click.echo(f"written: {tuning.result_file}")


def _show_plan(tuning: Tuning) -> None:
    table = Table(
        "stage", "measured on arm", "learning rates", title=f"{tuning.num_tries} tries of {tuning.study_file}"
    )
    for stage, tried in tuning.config.stages.items():
        table.add_row(stage, tried.arm, ", ".join(f"{rate:g}" for rate in tried.learning_rates))
    Console().print(table)


def _show(found: TuningConfig) -> None:
    table = Table("stage", "learning rate", "accuracy %", "truncated %", "tokens")
    for stage, tuned in found.stages.items():
        for each in tuned.tries:
            is_chosen = each.learning_rate == tuned.chosen
            table.add_row(
                stage,
                f"{each.learning_rate:g}{' ←' if is_chosen else ''}",
                f"{100 * each.accuracy:.1f}",
                f"{100 * each.truncated:.1f}",
                f"{each.num_tokens:.0f}",
                style="bold" if is_chosen else None,
            )
    Console().print(table)
