"""A pipeline's funnel and plan as tables of the terminal."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from synergy.config.pipeline import PipelineConfig
from synergy.data.pipeline.funnel import Funnel, SourceCounts
from synergy.data.pipeline.plan import PlannedSource, PlannedStep
from synergy.data.pipeline.pools import NO_TRACE, OVER
from synergy.data.pipeline.sample import READING
from synergy.errors import InputError
from synergy.report.markup import amount
from synergy.studies.published import read_published

_PUBLISHED_TABLE = "pipeline"
_TOTAL = "total"
#: what is shown beside the published figures: heading, ours, their column
_COMPARED = (("kept", "num_kept", "pipeline"), ("SFT", "num_sft", "SFT"), ("RL", "num_rl", "RL"))


def funnel_table(funnel: Funnel) -> Table:
    """Samples that leave each step, by source: the shape of the study's table 1."""
    sources = list(funnel.sources.values())
    steps = [step for step in sources[0].steps if step != READING or any(each.steps[step].dropped for each in sources)]
    table = _table("source", "in", *steps, "RL", "SFT", title="Samples that each step lets through")
    for name, source in funnel.sources.items():
        table.add_row(Text(name), *_cells(source, steps))
    if len(funnel.sources) > 1:
        table.add_section()
        columns = zip(*(_numbers(source, steps) for source in sources), strict=True)
        table.add_row(_TOTAL, *(f"{sum(column):,}" for column in columns))
    return table


def reasons_table(funnel: Funnel) -> Table:
    """Samples that each step dropped, by reason."""
    table = _table("source", "step", "dropped", "reason", title="Dropped, and why")
    for name, source in funnel.sources.items():
        for step, counts in source.steps.items():
            found = Counter(counts.dropped)
            found.update({"unanswered (will be asked again)": counts.num_failed} if counts.num_failed else {})
            for reason, num in found.most_common():
                table.add_row(Text(name), step, f"{num:,}", Text(reason))
        for reason in (OVER, NO_TRACE):
            if source.pools[reason]:
                table.add_row(Text(name), "pools", f"{source.pools[reason]:,}", reason)
    return table


def cue_lines(funnel: Funnel) -> Iterator[str]:
    """Traces with a cue by the study's rule and by whole words."""
    if funnel.num_split:
        yield (
            f"cues of reflection: in {funnel.num_with_cue:,} of {funnel.num_split:,} traces inside any word (the "
            f"study's rule), in {funnel.num_with_cue_as_word:,} as whole words"
        )
        yield "; ".join(f"{cue} {num:,} ({funnel.cues_as_words[cue]:,})" for cue, num in funnel.cues.most_common())


def plan_table(config: PipelineConfig, planned: Sequence[PlannedSource]) -> Table:
    """Calls, tokens and cost by step, over all sources."""
    currency = config.budget.currency
    table = _table("step", "in", "calls", "prompt tokens", "reply tokens", "cost", "out", title="Plan, estimated")
    for index, first in enumerate(planned[0].steps):
        table.add_row(first.step, *_planned_cells([source.steps[index] for source in planned], currency))
    steps = [step for source in planned for step in source.steps]
    table.add_section()
    calls, prompt = sum(step.num_calls for step in steps), sum(step.prompt_tokens for step in steps)
    completion, cost = sum(step.completion_tokens for step in steps), sum(step.cost for step in steps)
    num_in, num_out = sum(source.num_problems for source in planned), sum(source.num_kept for source in planned)
    table.add_row(
        _TOTAL,
        *(f"{value:,.0f}" for value in (num_in, calls)),
        *(amount(value) for value in (prompt, completion)),
        f"{currency}{cost:,.2f}",
        f"{num_out:,.0f}",
    )
    return table


def published_table(name: str, planned: Sequence[PlannedSource]) -> Table:
    """The expected funnel beside the published one; raises InputError where the figures hold none."""
    published = read_published(name)
    try:
        figures = published.table(_PUBLISHED_TABLE)
    except KeyError:
        raise InputError(f"published {name}: no table '{_PUBLISHED_TABLE}'; expected figures of a pipeline") from None
    table = _table(
        "source",
        "original",
        *(heading for ours, _, _ in _COMPARED for heading in (ours, "theirs")),
        title=f"Expected, estimated, beside {published.paper}, {figures.source}",
    )
    for source in planned:
        theirs = figures.row(source.name) if source.name in {row.name for row in figures.rows} else {}
        cells = [(getattr(source, name), theirs.get(column)) for _, name, column in _COMPARED]
        table.add_row(Text(source.name), f"{source.num_problems:,}", *(_shown(each) for pair in cells for each in pair))
    table.add_section()
    theirs = figures.row(_TOTAL)
    cells = [(_sum([getattr(each, name) for each in planned]), theirs.get(column)) for _, name, column in _COMPARED]
    num = sum(each.num_problems for each in planned)
    table.add_row(_TOTAL, f"{num:,}", *(_shown(each) for pair in cells for each in pair))
    return table


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _planned_cells(steps: Sequence[PlannedStep], currency: str) -> list[str]:
    cost = sum(step.cost for step in steps)
    return [
        f"{sum(step.num_in for step in steps):,.0f}",
        f"{sum(step.num_calls for step in steps):,.0f}",
        amount(sum(step.prompt_tokens for step in steps)),
        amount(sum(step.completion_tokens for step in steps)),
        f"{currency}{cost:,.2f}",
        f"{sum(step.num_out for step in steps):,.0f}",
    ]


def _numbers(source: SourceCounts, steps: Sequence[str]) -> list[int]:
    through = [source.steps[step].num_out for step in steps]
    return [source.num_in, *through, source.pools["rl"], source.pools["sft"]]


def _cells(source: SourceCounts, steps: Sequence[str]) -> list[str]:
    """A step that all of a source's samples pass by has a dash."""
    first, *through = [f"{number:,}" for number in _numbers(source, steps)]
    for index, step in enumerate(steps):
        counts = source.steps[step]
        if counts.num_in and counts.num_passed_by == counts.num_in:
            through[index] = "–"
    return [first, *through]


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _table(*columns: str, title: str) -> Table:
    table = Table(*columns, title=title, box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "left" if column.header in ("step", "reason") else "right"
    return table
