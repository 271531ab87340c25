"""A score as a person reads it: each rule beside the others, then what the score depends on."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from synergy.evaluation.breakdown_part import GroupScore
from synergy.evaluation.score_file import MetricScore, ScoreFile

_MEANING = "strict and lenient are ours, official is the authors' own, judged is the judge's"


def show_score(score: ScoreFile, path: Path | None) -> None:
    """Print the main metric by every rule, and beside it what could not be scored and what was cut off."""
    benchmark = score.benchmark
    part = "" if benchmark.limit is None else f" (its first {benchmark.limit} problems only)"
    click.echo(f"{score.model.name} on {benchmark.title}{part}, {benchmark.main_metric}, %:")
    table = Table()
    for heading in ("rule", "score", "95 %", "of", "unscored"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    for name, rule in score.rules.items():
        found = rule.metrics.get(benchmark.main_metric)
        cells = [name, percent(found), interval(found), str(found.num) if found else "–", str(rule.num_unscored)]
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
    click.echo(_MEANING)
    for line in _notes(score, path):
        click.echo(line)


def percent(metric: MetricScore | None) -> str:
    """A metric's value of 100; three places, as published ones with two are rounded in various ways."""
    return "–" if metric is None else f"{100 * metric.value:.3f}"


def interval(metric: MetricScore | None) -> str:
    """Its interval."""
    if metric is None or metric.interval is None:
        return "–"
    return f"{100 * metric.interval[0]:.1f}–{100 * metric.interval[1]:.1f}"


def summary(score: ScoreFile, path: Path | None) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "benchmark": score.benchmark.name,
        "model": score.model.name,
        "metric": score.benchmark.main_metric,
        "rules": {
            name: (found.value if (found := rule.metrics.get(score.benchmark.main_metric)) else None)
            for name, rule in score.rules.items()
        },
        "truncated_fraction": score.responses.truncated_fraction,
        "num_responses": score.responses.num,
        "num_failed": score.responses.num_failed,
        "score_file": None if path is None else str(path),
    }


def _notes(score: ScoreFile, path: Path | None) -> list[str]:
    responses = score.responses
    truncated = f"truncated {responses.truncated_fraction:.1%}"
    meaning = "wrong under every rule" if score.truncated_is_wrong else "graded as they stand"
    tokens = "" if responses.mean_tokens is None else f", {responses.mean_tokens:,.0f} tokens in the mean"
    unread = "" if score.breakdown is None else f"; {_unread(score.breakdown.overall)}"
    failed = f"without a response {responses.num_failed}"
    lines = [f"{responses.num} responses{tokens}; {truncated} ({meaning}){unread}; {failed}"]
    lines += _level_lines(score)
    if score.protocol is not None:
        limit = f"limit {score.protocol.response.max_tokens} tokens"
        lines.append(f"protocol {score.protocol.name}, {limit}, mean of {score.protocol.num_runs} run(s)")
        limits = score.protocol.images
        if score.sampling and not score.sampling.applies_image_limits and (limits.min_pixels or limits.max_pixels):
            shown = f"min_pixels {limits.min_pixels}, max_pixels {limits.max_pixels}"
            lines.append(f"limits on images are the server's own; the protocol's are {shown}: start it with these")
        if score.judge is None and score.protocol.judge is not None:
            lines.append(
                f"rules alone: the protocol's judge {score.protocol.judge.model} was not asked; give --judge-url for it"
            )
    if score.judge is not None:
        judge = score.judge
        lines.append(
            f"judge {judge.served_as} ({judge.prompt}): {judge.num_calls} calls, {judge.num_cached} from the cache, "
            f"{judge.prompt_tokens + judge.completion_tokens:,} tokens, {judge.num_unreadable} unreadable replies, "
            f"{judge.num_failed} without an answer"
        )
    if path is not None:
        lines.append(f"{path}")
    return lines


def _level_lines(score: ScoreFile) -> list[str]:
    """Accuracy by level, and beside it what was cut off and what ended without an answer that could be read."""
    if score.breakdown is None:
        levels = score.rules[score.shown_rule].levels
        shown = [f"L{level} {100 * found.accuracy:.1f}" for level, found in levels.items()]
        return [f"by level, {score.shown_rule}: {', '.join(shown)}"] if shown else []
    shown = [
        f"L{level} {100 * found.accuracy.value:.1f} ({found.truncated_fraction:.0%}, "
        f"{found.extraction_failure_fraction:.0%})"
        for level, found in score.breakdown.level.items()
    ]
    source = "" if score.levels is None else f", levels of {score.levels.model}"
    return [f"by level, {score.breakdown.rule}{source} (truncated, no answer): {', '.join(shown)}"] if shown else []


def _unread(group: GroupScore) -> str:
    return f"no answer in {group.extraction_failure_fraction:.1%}"
