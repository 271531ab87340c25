"""What `synergy diagnose` does: find the models, ask, print what was found."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from synergy.diagnostics.diagnose import chosen
from synergy.diagnostics.diagnose import diagnose as ask
from synergy.diagnostics.finding import Cell, Finding, FindingColumn
from synergy.diagnostics.registry import DIAGNOSTICS
from synergy.diagnostics.subject import Subject
from synergy.errors import FileError, InputError, unknown_name
from synergy.recipes.step import checkpoint_folder
from synergy.studies.results import StudyResults
from synergy.studies.subjects import subjects_of

FOLDER = "diagnostics"
_SECONDS = 5.0  # between two lines of progress; what is finished is always told


class _Lines:
    """Progress as lines on stderr, seldom enough to be read."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, words: str, num_done: int, num: int) -> None:
        now = time.monotonic()
        if num_done == num or now - self._told >= _SECONDS:
            self._told = now
            click.echo(f"{words} {num_done}/{num}", err=True)


def list_diagnostics() -> None:
    """Print what each asks."""
    table = Table("name", "question", "needs", "runs models")
    for each in DIAGNOSTICS.values():
        table.add_row(each.name, each.question, ", ".join(each.needs), "yes" if each.runs_model else "")
    Console().print(table)


def run_diagnose(
    folder: Path,
    *,
    against: str | None,
    arms: Sequence[str],
    names: Sequence[str],
    runs_models: bool,
    seed: int,
    threads: int | None,
    as_json: bool,
) -> None:
    """Diagnose and print; raises FileError or InputError for a folder, arm or diagnostic that is not there."""
    diagnostics = chosen(names, runs_models=runs_models)
    subjects, compared = find_subjects(folder, against, arms)
    if any(each.runs_model for each in diagnostics):
        from synergy.cli.study_run import use_threads

        use_threads(threads)
    found = ask(
        diagnostics,
        subjects,
        compared,
        folder / FOLDER,
        seed=seed,
        on_progress=_Lines(),
    )
    if as_json:
        click.echo(json.dumps([each.model_dump(mode="json") for each in found], indent=2))
        return
    for finding in found:
        _print(finding)
    click.echo(f"{folder / FOLDER}")


def find_subjects(folder: Path, against: str | None, arms: Sequence[str]) -> tuple[list[Subject], Subject | None]:
    """The models of a folder, and what they are compared with; raises as `run_diagnose`."""
    if not folder.exists():
        raise FileError(f"{folder}: does not exist; expected a folder of a study, a run or an evaluation")
    if not (folder / "plan.json").exists():
        if arms:
            raise InputError(f"{folder}: --arm with a folder that is no study; expected plan.json in it")
        return [_of_folder(folder)], None if against is None else _given(against)
    results = StudyResults(folder)
    every = subjects_of(results)
    known = {run.arm for run in results.plan.runs}
    for arm in arms:
        if arm not in known:
            raise unknown_name(f"arm of study {results.study.name}", arm, known)
    name = against or results.study.baseline
    compared = next((each for each in every if _is_arm(each, name)), None)
    if compared is None and against is not None:
        compared = _given(against)
    chosen_ones = [each for each in every if not arms or any(_is_arm(each, arm) for arm in arms)]
    return [each for each in chosen_ones if each is not compared] or chosen_ones, compared


def _is_arm(subject: Subject, arm: str) -> bool:
    return subject.name.partition(", ")[0] == arm


def _of_folder(folder: Path) -> Subject:
    """A training run, or an evaluation; raises InputError for anything else."""
    if (folder / "samples.parquet").exists():
        return Subject(name=folder.name, responses={folder.name: folder})
    if (folder / "metrics.jsonl").exists():
        model = folder / "model"
        return Subject(name=folder.name, model=model if model.exists() else None, runs=(folder,))
    raise InputError(
        f"{folder}: holds no study, run or evaluation; expected plan.json, metrics.jsonl or samples.parquet in it"
    )


def _given(name: str) -> Subject:
    """A model's folder, a run or an evaluation; raises InputError for anything else."""
    folder = Path(checkpoint_folder(name))
    if (folder / "config.json").exists() and list(folder.glob("*.safetensors")):
        return Subject(name=name, model=folder)
    if folder.is_dir():
        return _of_folder(folder)
    raise InputError(f"--against {name}: no arm, no model's folder; expected one of them, or pocket")


def _print(finding: Finding) -> None:
    title = f"{DIAGNOSTICS[finding.diagnostic].title}" + (f", against {finding.against}" if finding.against else "")
    table = Table(*(_heading(column) for column in finding.columns), title=title)
    for column, shown in zip(finding.columns, table.columns, strict=True):
        if any(isinstance(row.get(column.name), int | float) for row in finding.rows):
            shown.justify = "right"
    for row in finding.rows:
        table.add_row(*(_cell(column, row) for column in finding.columns))
    console = Console()
    console.print(table)
    for verdict in finding.verdicts:
        console.print(f"{verdict.subject}: [bold]{verdict.name}[/bold]. {verdict.because}", highlight=False)


def _heading(column: FindingColumn) -> str:
    return f"{column.title}, {column.unit}" if column.unit and column.unit not in column.title else column.title


def _cell(column: FindingColumn, row: dict[str, Cell]) -> str:
    text = _value(row.get(column.name), column.unit)
    if column.low is None or row.get(column.low) is None:
        return text
    return f"{text} ({_value(row.get(column.low), column.unit)} … {_value(row.get(column.high or ''), column.unit)})"


def _value(value: Cell, unit: str) -> str:
    if isinstance(value, float):
        return f"{100 * value:.1f}" if unit in ("%", "points") else f"{value:.3g}"
    return "" if value is None else str(value)
