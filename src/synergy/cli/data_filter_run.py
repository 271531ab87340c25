"""A filtering from the command line."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from synergy.cli.eval_display import open_display
from synergy.cli.quiet import quieten
from synergy.config.documents import parse_yaml
from synergy.config.filters import FilterConfig
from synergy.config.load import build, load
from synergy.errors import InputError
from synergy.evaluation.filtered_file import FILTERED, FilteredFile
from synergy.evaluation.filtering import filter_table
from synergy.evaluation.locking import locked
from synergy.evaluation.training_table import DATA

_CONFIGS = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class FilterOptions:
    """All options of `data filter`."""

    source: Path
    filters: tuple[str, ...]
    layout: str | None
    trace_column: str | None
    overrides: tuple[str, ...]
    out: Path
    threads: int | None
    as_json: bool


def run_filters(options: FilterOptions) -> None:
    """Filter as the options say; raises as `load` and `filter_table` do."""
    config = _config(options)
    if config.asked is not None and config.asked.endpoint is None:
        quieten(options.threads)
    with locked(options.out), open_display("filter", is_silent=options.as_json) as display:
        found = filter_table(config, options.out, display)
    if options.as_json:
        click.echo(json.dumps(found.model_dump(mode="json"), indent=1))
        return
    Console().print(funnel_table(found))
    for line in _measured(found):
        click.echo(line)
    click.echo(f"{found.num_out} of {found.num_in} rows stay: {options.out / DATA}, {options.out / FILTERED}")


def _config(options: FilterOptions) -> FilterConfig:
    if options.source.suffix in _CONFIGS:
        given = {"--filter": options.filters, "--layout": options.layout, "--trace": options.trace_column}
        extra = next((name for name, value in given.items() if value), None)
        if extra:
            raise InputError(f"{extra} with {options.source}, which says it itself; expected --set, or a table")
        return load(options.source, FilterConfig, options.overrides)
    if not options.filters:
        raise InputError(f"{options.source} without --filter; expected one, such as --filter exact_duplicates")
    data = {"source": "file", "path": str(options.source), "trace_column": options.trace_column}
    data |= {} if options.layout is None else {"layout": options.layout}
    values = {"kind": "filter", "data": data, "filters": [_parsed(text) for text in options.filters]}
    return build(FilterConfig, values, options.overrides, label="--set")


def _parsed(text: str) -> dict[str, Any]:
    """`length:max_trace=800,unit=characters` as a section."""
    name, _, settings = text.partition(":")
    found: dict[str, Any] = {"by": name}
    for setting in settings.split(",") if settings else ():
        key, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"--filter {text}: '{setting}' is no setting; expected KEY=VALUE, such as max_trace=800")
        found[key.strip()] = parse_yaml(value, f"--filter {text}")
    return found


def funnel_table(found: FilteredFile) -> Table:
    """A row a filter: in, out, dropped and why."""
    table = Table()
    table.add_column("filter")
    table.add_column("in", justify="right")
    table.add_column("out", justify="right")
    table.add_column("dropped, and why", overflow="fold")
    for each in found.filters:
        reasons = ", ".join(f"{num} {why}" for why, num in each.dropped.items())
        table.add_row(each.by, str(each.num_in), str(each.num_out), reasons or "none")
    if len(found.by_source) > 1:
        for source, (num_in, num_out) in found.by_source.items():
            table.add_row(f"  {source}", str(num_in), str(num_out), "")
    return table


def _measured(found: FilteredFile) -> Sequence[str]:
    """What filters of cues and contamination counted beside."""
    lines: list[str] = []
    for each in found.filters:
        for name, value in each.measured.items():
            if name != "values":
                lines.append(f"{each.by}, {name.replace('_', ' ')}: {_shown(value)}")
    return lines


def _shown(value: JsonValue) -> str:
    """Counts as words: 12 substring, 9 word; by keyword: wait (12 substring, 9 word)."""
    if not isinstance(value, dict):
        return str(value)
    parts = [f"{name} ({_shown(each)})" if isinstance(each, dict) else f"{each} {name}" for name, each in value.items()]
    return ", ".join(parts)
