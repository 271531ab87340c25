"""A score's breakdown as tables: accuracy with pass@k and maj@k, and beside it what was cut off or not understood."""

from collections.abc import Mapping, Sequence

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from synergy.evaluation.breakdown_part import BreakdownPart, Estimate, GroupScore
from synergy.evaluation.score_file import ScoreFile

_WIDTH = 120  #: where the output is no terminal


def show_breakdown(score: ScoreFile, by: Sequence[str]) -> None:
    """Print one table for each of `by`: level, family, kind or length."""
    found = score.breakdown
    if found is None or not by:
        return
    source = f"measured with {score.levels.model}" if score.levels else "of the problems"
    for name in dict.fromkeys(by):
        groups: Mapping[str, GroupScore] = getattr(found, name)
        note = {"level": f", levels {source}", "length": " of the response, tokens"}.get(name, "")
        click.echo(
            f"by {name}{note}; {found.rule} verdicts, %; n: problems/responses; cut: truncated; unread: no answer:"
        )
        _show({**groups, "all": found.overall}, found)
        ties = sum(group.num_tied or 0 for group in groups.values())
        if ties:
            click.echo(f"maj@{found.num_runs}: {ties} votes were tied; of tied answers the one given first counts")


def _show(groups: Mapping[str, GroupScore], found: BreakdownPart) -> None:
    ks = [k for k in found.overall.pass_at if 1 < int(k) <= found.num_runs]
    has_votes = found.num_runs > 1
    table = Table(box=SIMPLE, padding=(0, 1), pad_edge=False)
    headings = ["", "n", f"avg@{found.num_runs}", "95 %", *(f"pass@{k}" for k in ks)]
    headings += [f"maj@{found.num_runs}"] if has_votes else []
    for heading in [*headings, "cut", "unread", "tokens"]:
        table.add_column(heading, justify="right" if heading else "left")
    for name, group in groups.items():
        cells = [name, f"{group.num_problems}/{group.num_responses}"]
        cells += [_percent(group.accuracy), _interval(group.accuracy)]
        cells += [_percent(group.pass_at[k]) for k in ks]
        cells += [_percent(group.majority)] if has_votes else []
        cells += [f"{100 * group.truncated_fraction:.1f}", f"{100 * group.extraction_failure_fraction:.1f}"]
        cells.append("–" if group.mean_tokens is None else f"{group.mean_tokens:,.0f}")
        table.add_row(*(Text(cell) for cell in cells))
    console = Console()
    (console if console.is_terminal else Console(width=_WIDTH)).print(table)


def _percent(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{100 * estimate.value:.1f}"


def _interval(estimate: Estimate | None) -> str:
    if estimate is None or estimate.interval is None:
        return "–"
    return f"{100 * estimate.interval[0]:.1f}–{100 * estimate.interval[1]:.1f}"
