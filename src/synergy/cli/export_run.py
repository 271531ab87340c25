"""Exporting from the command line."""

from dataclasses import dataclass
from pathlib import Path

import click

from synergy.cli.eval_display import open_display
from synergy.errors import InputError, unknown_name
from synergy.exports.llamafactory import TEMPLATE
from synergy.exports.stages import arm_stages
from synergy.exports.write import NOT_THE_SAME, TARGETS, commands, write_export
from synergy.studies.load import load_study


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """All options of `export`."""

    file: Path
    arm: str
    overrides: tuple[str, ...]
    target: str
    out: Path
    seed: int | None
    axes: tuple[str, ...]
    folder: Path | None
    template: str


def run_export(options: ExportOptions) -> None:
    """Export and say what is not the same; raises as what it calls does."""
    if options.target not in TARGETS:
        raise unknown_name("framework in --to", options.target, TARGETS)
    target = TARGETS[options.target]
    study = load_study(options.file, options.overrides)
    folder = options.folder or Path("runs") / study.name
    arm = arm_stages(study, options.arm, seed=options.seed, labels=_labels(options.axes), folder=folder)
    with open_display(options.arm, is_silent=False) as display:
        written = write_export(
            arm,
            target,
            options.out,
            {TEMPLATE: options.template},
            lambda what, done, num: display.show(what, done, num, ""),
        )
    for stage, each in written.items():
        click.echo(f"{options.out / stage}: {target.name} is not the same in")
        for difference in each.differences:
            click.echo(f"  {difference}")
    click.echo(f"all of it: {options.out / NOT_THE_SAME}; run in {options.out}:")
    for command in commands(written, target):
        click.echo(f"  {command}")


def _labels(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        axis, equals, label = each.partition("=")
        if not equals or not axis or not label:
            raise InputError(f"--axis {each}: expected NAME=LABEL, such as model=7b")
        found[axis] = label
    return found
