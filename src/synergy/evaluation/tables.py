"""Score files as a table: models down, benchmarks across, the suite's mean at the end."""

from collections.abc import Sequence
from dataclasses import dataclass

from synergy.config.protocol import ProtocolConfig
from synergy.errors import InputError, unknown_name
from synergy.evaluation.comparable import Labelled, Mismatch, mismatches
from synergy.evaluation.score_file import MetricScore

_SHOWN_MISMATCHES = 6


@dataclass(frozen=True, kw_only=True)
class Column:
    """One benchmark."""

    benchmark: str
    title: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One model on one benchmark."""

    score: MetricScore
    truncated_fraction: float
    num_unscored: int


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One model."""

    model: str
    cells: dict[str, Cell]  #: by benchmark
    mean: float | None  #: of the suite's benchmarks; None where one is missing


@dataclass(frozen=True, kw_only=True)
class ScoreTable:
    """The whole table."""

    protocol: str | None
    rule: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    mean_of: tuple[str, ...]  #: the benchmarks whose plain mean is the last column
    mixed: tuple[Mismatch, ...]  #: in what its scores differ, where it was forced


def make_table(scores: Sequence[Labelled], *, rule: str | None = None, force: bool = False) -> ScoreTable:
    """The table of scores that were made alike.

    Raises InputError where they were not, naming the fields, unless `force`; and where two are of the same model on the
    same benchmark, or a rule is asked for that one of them lacks.
    """
    if not scores:
        raise InputError("no score files; expected at least one score.json of `synergy eval` or `synergy score`")
    mixed = mismatches(scores)
    if mixed and not force:
        raise _refusal(mixed)
    shown = rule or _shared_rule(scores)
    protocol = scores[0].score.protocol
    columns = _columns(scores, protocol)
    mean_of = _mean_of(columns, protocol)
    rows: dict[str, dict[str, Cell]] = {}
    files: dict[tuple[str, str], str] = {}
    for label, score in scores:
        key = (score.model.name, score.benchmark.name)
        if key in files:
            raise InputError(f"{files[key]} and {label} are both {key[0]} on {key[1]}; expected one: leave one out")
        files[key] = label
        found = score.main(shown)
        if found is None:
            known = [name for name in score.rules if score.main(name)]
            raise unknown_name(f"rule in {label}:", shown, known)
        rows.setdefault(score.model.name, {})[score.benchmark.name] = Cell(
            score=found,
            truncated_fraction=score.responses.truncated_fraction,
            num_unscored=score.rules[shown].num_unscored,
        )
    return ScoreTable(
        protocol=protocol.name if protocol else None,
        rule=shown,
        columns=columns,
        rows=tuple(TableRow(model=model, cells=cells, mean=_mean(cells, mean_of)) for model, cells in rows.items()),
        mean_of=mean_of,
        mixed=tuple(mixed),
    )


def _refusal(mixed: Sequence[Mismatch]) -> InputError:
    shown = "; ".join(f"{each.field}: {each.left}, {each.right}" for each in mixed[:_SHOWN_MISMATCHES])
    more = f"; and {len(mixed) - _SHOWN_MISMATCHES} more" if len(mixed) > _SHOWN_MISMATCHES else ""
    return InputError(
        f"these scores were made differently ({shown}{more}); expected the same: make them alike, or give --force for "
        "a table that says so"
    )


def _shared_rule(scores: Sequence[Labelled]) -> str:
    """The judge's where all have it, else ours."""
    return "judged" if all("judged" in each.score.rules for each in scores) else "strict"


def _columns(scores: Sequence[Labelled], protocol: ProtocolConfig | None) -> tuple[Column, ...]:
    """The suite's benchmarks in its order, then others as they come."""
    found = {
        score.benchmark.name: Column(
            benchmark=score.benchmark.name, title=score.benchmark.title, metric=score.benchmark.main_metric
        )
        for _, score in reversed(scores)
    }
    first = [entry.benchmark for entry in protocol.suite if entry.benchmark in found] if protocol else []
    return tuple(found[name] for name in dict.fromkeys([*first, *(each.score.benchmark.name for each in scores)]))


def _mean_of(columns: Sequence[Column], protocol: ProtocolConfig | None) -> tuple[str, ...]:
    """The protocol's suite; all columns where it has none."""
    suite = tuple(entry.benchmark for entry in protocol.suite) if protocol else ()
    return suite or tuple(column.benchmark for column in columns)


def _mean(cells: dict[str, Cell], mean_of: Sequence[str]) -> float | None:
    if any(name not in cells for name in mean_of):
        return None
    return sum(cells[name].score.value for name in mean_of) / len(mean_of)
