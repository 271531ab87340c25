"""Tagging from the command line."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click

from synergy.cli.eval_display import open_display
from synergy.cli.eval_model import asking_model
from synergy.cli.eval_options import AskOptions, benchmarks_of, paths_of, protocol_of
from synergy.cli.eval_run import asked_by
from synergy.cli.eval_sets import FILE, open_sets
from synergy.config.data import FileDataConfig
from synergy.errors import InputError
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.levels_file import LevelsFile, write_levels
from synergy.evaluation.locking import locked
from synergy.evaluation.run import Evaluation
from synergy.evaluation.tagged_table import columns_for, write_tagged_data, write_tagged_set
from synergy.evaluation.tagging import check_thresholds, tag
from synergy.records import Purpose


@dataclass(frozen=True, kw_only=True)
class TagOptions(AskOptions):
    """All options of `tag`."""

    samples: int
    thresholds: str
    out: Path
    table: Path | None


def run_tagging(options: TagOptions) -> None:
    """Tag the problems of one set; raises as what it calls does, before sampling where that can be."""
    thresholds = _thresholds(options.thresholds)
    protocol = protocol_of(options).model_copy(update={"num_runs": options.samples})
    names = benchmarks_of(options, protocol)
    if len(names) != 1:
        raise InputError(f"--on {','.join(names)}: {len(names)} sets; expected one, as a file holds the levels of one")
    if options.out.suffix != ".json":
        raise InputError(f"--out {options.out}: expected a file ending in .json, such as levels.json")
    if options.table is not None and options.table.suffix != ".parquet":
        raise InputError(f"--table {options.table}: expected a file ending in .parquet, such as tagged.parquet")
    evaluation = Evaluation(
        protocol=protocol,
        asked=asked_by(options, protocol, Purpose.TAG),
        answerer=asking_model(options, protocol, Purpose.TAG),
        keeps_pictures=False,
    )
    on = open_sets(options, names, protocol)[0]
    folder = options.out.with_name(f"{options.out.stem}-samples")
    with locked(folder), open_display(on.title, is_silent=False) as display:
        tagged = tag(evaluation, on, folder, display, thresholds=thresholds, retry_failed=options.retry_failed)
        write_levels(tagged.levels, options.out)
    if tagged.was_complete:
        click.echo(f"{folder}: sampled already")
    if options.table is not None:
        _write_table(options, names[0], on, tagged.levels, options.table)
    _show(tagged.levels, options.out)


def _write_table(options: TagOptions, name: str, on: EvaluationSet, levels: LevelsFile, path: Path) -> None:
    if name == FILE:
        source = paths_of(options.data, [FILE])[FILE]
        num = write_tagged_data(path, FileDataConfig(source="file", path=source), levels)
    else:
        num = write_tagged_set(path, on, levels)
    click.echo(f"{path}: {num} rows with {' and '.join(columns_for(levels.model.name))}")


def _thresholds(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError(f"--thresholds {text}: expected whole numbers divided by commas, such as 12,8,5,2")
    thresholds = tuple(int(part) for part in parts)
    check_thresholds(thresholds)
    return thresholds


def _show(levels: LevelsFile, path: Path) -> None:
    counts = Counter(each.level for each in levels.problems.values())
    shown = [f"L{level} {counts[level]}" for level in range(1, len(levels.thresholds) + 2)]
    shown += [f"without {counts[None]}"] if counts[None] else []
    correct = sum(each.num_correct for each in levels.problems.values())
    samples = sum(each.num_samples for each in levels.problems.values())
    click.echo(f"{len(levels.problems)} problems by level: {', '.join(shown)}; {correct} of {samples} correct")
    click.echo(f"{path}")
