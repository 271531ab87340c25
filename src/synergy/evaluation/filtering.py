"""Filtering a table: filters in order, those of rows as a stream, those that ask a model in folders of their own.

The result is `data.parquet`, the rows that stay with all their columns, and `filtered.json`: what became of the others.
A model's answers are kept, so that a killed filtering goes on. Importing this needs no torch.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from synergy.config.benchmark_data import BenchmarkDataConfig, EvaluationDataConfig
from synergy.config.filters import ContaminationFilter, FilterConfig, ModelRule, RowFilterConfig
from synergy.data.filters.funnel import FilterCounts, Tally
from synergy.data.filters.passing import pass_rows
from synergy.data.filters.registry import open_filter
from synergy.data.filters.row_filter import Reason, RowFilter
from synergy.data.kept_rows import schema_of, write_kept
from synergy.data.layouts.layout import Row
from synergy.data.load import open_data
from synergy.data.row_table import RowTable, open_rows
from synergy.errors import InputError
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.benchmark_sets import benchmark_set
from synergy.evaluation.deciding import decide
from synergy.evaluation.filtered_file import FilteredFile, claim, request_of, write_filtered
from synergy.evaluation.gathering import Watcher
from synergy.evaluation.training_table import DATA
from synergy.records import Problem

_SHOWN_EVERY_ROWS = 100


def filter_table(
    config: FilterConfig, folder: Path, watcher: Watcher, *, answerer: Callable[[], Answerer] | None = None
) -> FilteredFile:
    """Filter, and write both files to `folder`; `answerer` takes the model's place in tests.

    Raises InputError where no row is there or stays, where the folder holds another filtering's answers, and what data,
    filters and models raise.
    """
    request = request_of(config)
    if config.asked is not None:
        claim(folder, request)
    funnel = _Funnel(config, open_rows(config.data), folder, watcher, answerer)
    for is_asking, members in groupby(enumerate(config.filters), key=lambda each: isinstance(each[1], ModelRule)):
        if is_asking:
            for number, rule in members:
                assert isinstance(rule, ModelRule), "grouped so"
                funnel.ask(number, rule)
        else:
            funnel.pass_rows([each for _, each in members if not isinstance(each, ModelRule)])
    if not funnel.places:
        last = funnel.counts[-1]
        raise InputError(
            f"{funnel.table.label}: no row stays (the last filter, {last.by}, dropped {last.dropped or 'none'} of "
            f"{last.num_in}); expected at least one: widen the filters"
        )
    wanted = set(funnel.places)
    num_in, num_out = Counter[str](), Counter[str]()

    def kept(place: int, row: Row) -> Row | None:
        source = row.get("source") or funnel.table.label
        num_in[source] += 1
        num_out[source] += place in wanted
        return row if place in wanted else None

    write_kept(folder / DATA, funnel.table, kept, schema_of(funnel.table))
    found = FilteredFile(
        kind="filtered",
        request=request,
        num_in=num_in.total(),
        num_out=num_out.total(),
        by_source={source: (num, num_out[source]) for source, num in num_in.items()},
        filters=tuple(funnel.counts),
    )
    write_filtered(found, folder)
    return found


@dataclass(eq=False)
class _Funnel:
    """The rows that are still there."""

    config: FilterConfig
    table: RowTable
    folder: Path
    watcher: Watcher
    answerer: Callable[[], Answerer] | None

    def __post_init__(self) -> None:
        self.places: Sequence[int] | None = None  # None: all, none was looked at yet
        self.counts: list[FilterCounts] = []

    def pass_rows(self, filters: Sequence[RowFilterConfig]) -> None:
        """Filters of rows that follow one another, in one pass."""
        opened = [(each.by, _open(each)) for each in filters]
        passed = pass_rows(self.table, self.places, opened, self._show)
        self.watcher.stage("rows", self.table.num_at_most, self.table.num_at_most)
        self.places = passed.places
        self.counts += passed.counts

    def ask(self, number: int, rule: ModelRule) -> None:
        """One rule, of the filter at that place of the config."""
        asked = self.config.asked
        assert asked is not None, "the config asks for it"
        rows = list(self._rows())
        tally = Tally(rule.by)
        if not rows:
            self.counts.append(tally.counts({}))
            return
        decision = decide(
            rule,
            asked,
            self.table.examples([row for _, row in rows]),
            self.folder / f"{number}-{rule.by}",
            self.watcher,
            answerer=self.answerer,
        )
        for _, row in rows:
            why = decision.gone.get(row["id"])
            tally.add(row["id"], row.get("source") or self.table.label, None if why is None else Reason(why))
        self.places = [place for place, row in rows if row["id"] not in decision.gone]
        self.counts.append(tally.counts({"values": dict(decision.values)}))

    def _rows(self) -> Iterator[tuple[int, Row]]:
        wanted = None if self.places is None else set(self.places)
        return (each for each in enumerate(self.table.rows()) if wanted is None or each[0] in wanted)

    def _show(self, num_read: int) -> None:
        if num_read % _SHOWN_EVERY_ROWS == 0 and num_read < self.table.num_at_most:
            self.watcher.stage("rows", num_read, self.table.num_at_most)


def _open(config: RowFilterConfig) -> RowFilter:
    sets = config.against if isinstance(config, ContaminationFilter) else {}
    return open_filter(config, {name: _problems(name, data) for name, data in sets.items()})


def _problems(name: str, data: EvaluationDataConfig) -> Iterable[Problem]:
    if isinstance(data, BenchmarkDataConfig):
        found = benchmark_set(data, name, name, is_instructed=False)
        return found.shown(range(len(found.problems)))
    examples = open_data(data)
    return (examples[index].problem for index in range(len(examples)))
