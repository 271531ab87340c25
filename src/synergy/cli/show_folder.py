"""Finding out what a folder is, and printing it; nothing is loaded but small JSON files."""

import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from synergy.cli.score_display import show_score
from synergy.errors import FileError, InputError
from synergy.evaluation.score_file import read_score
from synergy.studies.plan_file import PlanFile, read_plan


def show_folder(path: Path) -> None:
    """Print what is there; raises FileError or InputError where it is nothing of ours."""
    if not path.exists():
        raise FileError(f"{path}: does not exist; expected a folder of a study, a run or a score")
    if path.is_file() or (path / "score.json").exists():
        file = path if path.is_file() else path / "score.json"
        show_score(read_score(file), file)
    elif (path / "plan.json").exists():
        _show_study(read_plan(path))
    elif (path / "step.json").exists():
        _show_step(_json(path / "step.json"))
    elif (path / "metrics.jsonl").exists():
        _show_run(path)
    else:
        raise InputError(f"{path}: holds no study, run or score; expected plan.json, metrics.jsonl or score.json in it")


def _show_study(plan: PlanFile) -> None:
    table = Table("step", "kind", "done", "tokens", "seconds", title=f"study {plan.study}")
    for step in sorted(plan.steps.values(), key=lambda each: each.number):
        spent = step.ledger
        tokens = "" if spent is None else f"{spent.generated_tokens + spent.evaluation_tokens + spent.trained_tokens:,}"
        seconds = "" if spent is None else f"{spent.seconds:.0f}"
        table.add_row(step.name, step.kind, "✓" if step.done else "", tokens, seconds)
    Console().print(table)


def _show_step(step: Mapping[str, Any]) -> None:
    console = Console()
    console.print(f"{step['kind']} {step['name']} ({step['key']})")
    for name, value in step["ledger"].items():
        if value:
            console.print(f"  {name}: {value:,}")
    _warn_of_versions(console, step.get("environment", {}).get("packages", {}))


def _show_run(path: Path) -> None:
    console = Console()
    config = _json(path / "config.json")
    console.print(f"run {path.name}: {config['algorithm']['name']} of {config['model']['checkpoint']}")
    lines = (path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    evaluations = [line for line in map(json.loads, lines) if line["kind"] == "evaluation"]
    table = Table("step", "validation accuracy", "truncated")
    for line in evaluations:
        accuracy, cut = line.get("evaluation/accuracy"), line.get("evaluation/truncated_fraction")
        table.add_row(str(line["step"]), _percent(accuracy), _percent(cut))
    console.print(table)
    if (path / "warnings.json").exists():
        for each in _json(path / "warnings.json")["warnings"]:
            console.print(f"{each['word']} after step {each['step']}: {each['because']}", style="yellow", markup=False)
    if (path / "summary.json").exists():
        summary = _json(path / "summary.json")
        console.print(f"finished after {summary['num_steps']} steps; the model is of step {summary['model_of_step']}")
    else:
        console.print("not finished; the same command goes on")
    starts = _json(path / "environment.json").get("starts", []) if (path / "environment.json").exists() else []
    _warn_of_versions(console, starts[-1].get("packages", {}) if starts else {})


def _warn_of_versions(console: Console, stored: Mapping[str, str]) -> None:
    """Name packages that are of another version now: results may differ in their last digits, or more."""
    for name, version in stored.items():
        try:
            now = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if now != version:
            console.print(f"[yellow]made with {name} {version}, installed is {now}[/yellow]")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: cannot be read ({error}); expected what synergy wrote there") from None
