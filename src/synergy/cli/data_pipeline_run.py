"""A data pipeline from the command line: the run, what is printed at its end, the page."""

from pathlib import Path

import click
from rich.console import Console

from synergy.cli.pipeline_display import open_display
from synergy.cli.pipeline_tables import cue_lines, funnel_table, plan_table, published_table, reasons_table
from synergy.config.load import load
from synergy.config.pipeline import PipelineConfig
from synergy.data.pipeline.budget import BudgetSpentError
from synergy.data.pipeline.funnel import Funnel
from synergy.data.pipeline.outputs import FUNNEL, TABLES, write_outputs
from synergy.data.pipeline.plan import plan_pipeline
from synergy.data.pipeline.run import Opened, open_pipeline, run_pipeline
from synergy.data.pipeline.serving import served
from synergy.data.pipeline.sources import Sources
from synergy.errors import InputError
from synergy.evaluation.locking import locked
from synergy.report.pipeline_page import write_page


def plan_only(path: Path, overrides: tuple[str, ...]) -> None:
    """Print what the pipeline should take; raises as `load` and `plan_pipeline` do."""
    config = load(path, PipelineConfig, overrides)
    planned = plan_pipeline(config)
    console = Console()
    console.print(plan_table(config, planned))
    if config.published is not None:
        console.print(published_table(config.published, planned))
    cost = sum(step.cost for source in planned for step in source.steps)
    if config.budget.money is not None and cost > config.budget.money:
        most = f"{config.budget.currency}{config.budget.money:,.2f}"
        console.print(f"more than the budget of {most}, at which the run would stop", highlight=False)
    assumed = [source.name for source in planned if not source.is_counted]
    if assumed:
        console.print(
            f"not opened, numbers of problems as the file assumes: {', '.join(assumed)}", highlight=False, markup=False
        )
    console.print(
        "estimated: assumed shares pass each step, assumed lengths of replies, templates at "
        f"{config.assumed.characters_per_token:g} characters a token, {config.assumed.image_tokens} tokens an image; "
        "nothing was asked",
        highlight=False,
    )


def run(path: Path, overrides: tuple[str, ...], out: Path) -> None:
    """Run or go on; raises as `load`, `open_pipeline` and `run_pipeline` do."""
    config = load(path, PipelineConfig, overrides)
    sources = Sources(config)
    with locked(out), served(config) as url:
        opened = open_pipeline(config, out, sources, url)
        try:
            _run(opened)
        finally:
            opened.close()


def _run(opened: Opened) -> None:
    currency = opened.config.budget.currency
    try:
        with open_display(opened.config.title or "pipeline", currency) as display:
            ended = run_pipeline(opened, display)
    except BudgetSpentError:
        _finish(opened)  # what is done is of use, however little it is
        raise
    funnel = _finish(opened)
    click.echo(
        f"{ended.num_asked:,} requests answered, {ended.num_found:,} replies were there, {ended.num_retries:,} "
        f"retries; {ended.num_tokens:,} tokens, {currency}{ended.cost:,.2f} now, "
        f"{currency}{ended.cost_before + ended.cost:,.2f} in all"
    )
    if funnel.num_failed:
        raise InputError(
            f"{funnel.num_failed} samples have no answer from their server (step and error: synergy data show "
            f"{opened.folder} --failed); expected one for each: run the same command again to ask for these alone"
        )


def _finish(opened: Opened) -> Funnel:
    funnel = write_outputs(opened)
    page = write_page(opened, funnel)
    console = Console()
    console.print(funnel_table(funnel))
    console.print(reasons_table(funnel))
    for line in cue_lines(funnel):
        console.print(line, highlight=False, markup=False)
    names = ", ".join([*TABLES.values(), FUNNEL, page.name])
    click.echo(f"{opened.folder}: {names}")
    return funnel
