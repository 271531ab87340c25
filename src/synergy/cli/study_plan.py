"""A study's plan on the terminal: which arms take which steps, and what each should cost."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from synergy.config.cluster import ClusterConfig
from synergy.recipes.settings import BASE
from synergy.recipes.step import Step
from synergy.studies.estimate import Estimate, Total, estimates_of, total
from synergy.studies.graph import Graph
from synergy.studies.plan_file import ArmRun
from synergy.studies.runner import StudyFolder

_MAX_RUNS = 24  #: more than so many runs are shown by arm
_GIB = 2**30
UNKNOWN = "not known"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Steps that one line of the table is of."""

    kind: str
    name: str
    num_done: int
    total: Total


def show_plan(graph: Graph, runs: Sequence[ArmRun], folder: StudyFolder) -> None:
    """Arms with their steps, done ones ticked; what steps cost, by kind and name; totals and what they stand on."""
    done = folder.done(graph.steps)
    needed = graph.needed(tuple(runs))
    found = estimates_of(graph.study, needed, done)
    console = Console()
    console.print(_arms(graph, runs, folder, set(done), found))
    console.print(_costs(rows_of(needed, found, set(done)), graph.study.cluster))
    missing = [step for step in needed if step.key not in done]
    counts: dict[str, int] = {}
    for step in missing:
        counts[step.kind] = counts.get(step.kind, 0) + 1
    told = ", ".join(f"{num} × {kind}" for kind, num in counts.items()) or "nothing"
    console.print(f"{len(needed)} steps ({len(graph.steps)} in all), {len(needed) - len(missing)} done; to do: {told}")
    for line in notes_of(graph, total([found[step.key] for step in missing]), [found[step.key] for step in needed]):
        console.print(line, highlight=False)


def rows_of(steps: Sequence[Step], found: Mapping[str, Estimate], done: set[str]) -> list[Row]:
    """Steps by kind and name, whatever their seed and cell; evaluations by arm, over all sets."""
    groups: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        groups.setdefault((step.kind, _label(step)), []).append(step)
    return [
        Row(
            kind=kind,
            name=name,
            num_done=sum(step.key in done for step in members),
            total=total([found[step.key] for step in members]),
        )
        for (kind, name), members in groups.items()
    ]


def notes_of(graph: Graph, left: Total, found: Sequence[Estimate]) -> list[str]:
    """What the numbers stand on, and what does not fit."""
    study, cluster = graph.study, graph.study.cluster
    lines: list[str] = []
    if cluster is not None:
        lines.append(
            f"planned for {cluster.num_accelerators} × {cluster.accelerator} of {cluster.memory_gib:g} GiB, assumed to "
            f"reach {cluster.training_utilisation:.0%} of their peak in training and "
            f"{cluster.generation_utilisation:.0%} in sampling; evaluating, tagging and distilling use one"
        )
    if any(each.source == "measured" for each in found):
        lines.append("times of steps like finished ones are what those took, by FLOPs")
    if study.assumed is None:
        lines.append("the study states no assumed lengths (section assumed), so FLOPs, memory and disk are not known")
    if left.num:
        is_timed = left.num_unknown_seconds < left.num
        open_ones = f", {left.num_unknown_seconds} steps not known" if left.num_unknown_seconds else ""
        time = f"{seconds(left.seconds)} one after the other{open_ones}" if is_timed else "time not known"
        lines.append(
            f"to do: {flops(left.executed_flops)} FLOP executed, {time}; {size(left.disk_bytes)} on disk and "
            f"{size(left.temporary_bytes)} more while it runs"
        )
    too_large = [each for each in found if cluster and (each.memory_bytes or 0) > cluster.memory_bytes]
    if cluster and too_large:
        most = max(each.memory_bytes or 0 for each in too_large)
        lines.append(
            f"{len(too_large)} steps do not fit: up to {memory(most)} on an accelerator of {cluster.memory_gib:g} GiB"
        )
    return lines


def flops(value: float) -> str:
    """1.2e+20 as 1.2e20."""
    return f"{value:.2g}".replace("e+", "e") if value else "0"


def seconds(value: float) -> str:
    """In the unit that reads well."""
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if value >= 2 * length:
            return f"{value / length:.1f} {unit}"
    return f"{value:.0f} s"


def memory(value: float) -> str:
    """In GiB, or MiB where it is little."""
    return f"{value / _GIB:.1f} GiB" if value >= _GIB / 10 else f"{value / 2**20:.0f} MiB"


def size(value: float) -> str:
    """Of files."""
    for unit, length in (("TB", 1e12), ("GB", 1e9)):
        if value >= length / 10:
            return f"{value / length:.1f} {unit}"
    return f"{value / 1e6:.0f} MB"


def _arms(
    graph: Graph, runs: Sequence[ArmRun], folder: StudyFolder, done: set[str], found: Mapping[str, Estimate]
) -> Table:
    """Every arm's own total has all steps that its models descend from, shared ones in full, evaluation left out."""
    shown = [run for run in runs if run.shown]
    by_key = {step.key: step for step in graph.steps}
    table = Table("arm", "seed", "steps", "FLOP to make it", "time", title=f"{graph.study.title}: {folder.path}")
    collapsed = len(shown) > _MAX_RUNS
    groups: dict[tuple[str, ...], list[ArmRun]] = {}
    for run in shown:
        cell = "".join(f" {axis}={label}" for axis, label in run.axes.items())
        groups.setdefault((run.arm,) if collapsed else (run.arm + cell, str(run.seed)), []).append(run)
    for (name, *seed), members in groups.items():
        run = members[0]
        names = [*run.stages.items(), *((f"evaluate {on}", key) for on, key in run.evaluations.items())]
        if collapsed:
            steps = " → ".join([*run.stages, f"evaluate ×{len(run.evaluations)}"])
        elif len(run.evaluations) > 2:
            ticked = all(key in done for key in run.evaluations.values())
            ends = [f"evaluate ×{len(run.evaluations)}{' ✓' if ticked else ''}"]
            steps = " → ".join([*(f"{on}{' ✓' if key in done else ''}" for on, key in run.stages.items()), *ends])
        else:
            steps = " → ".join(f"{on}{' ✓' if key in done else ''}" for on, key in names)
        keys = {key for each in members for key in ancestors(by_key, each.stages.values())}
        of_arm = total([found[key] for key in keys if key in found])
        where = seed[0] if seed else f"{len(members)} runs"
        table.add_row(name, where, steps, *_cells(of_arm)[1:3])
    return table


def ancestors(by_key: Mapping[str, Step], keys: object) -> set[str]:
    """These steps and all that they start from, but for the base model, which is no arm's doing."""
    waiting, seen = list(keys), set[str]()  # type: ignore[call-overload]
    while waiting:
        key = waiting.pop()
        if key not in seen and by_key[key].stage != BASE:
            seen.add(key)
            waiting += [each.key for each in by_key[key].inputs.values()]
    return seen


def _costs(rows: Sequence[Row], cluster: ClusterConfig | None) -> Table:
    table = Table("kind", "steps", "num", "FLOP nominal", "FLOP executed", "time", "memory", "disk")
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows:
        done = f" ({row.num_done} ✓)" if row.num_done else ""
        too_large = cluster is not None and row.total.memory_bytes > cluster.memory_bytes
        *cells, peak, disk = _cells(row.total)
        table.add_row(row.kind, row.name, f"{row.total.num}{done}", *cells, f"{peak} !" if too_large else peak, disk)
    return table


def _cells(of: Total) -> tuple[str, str, str, str, str]:
    """Nominal and executed FLOP, seconds, memory, disk."""
    is_known = of.num_unknown_flops < of.num or of.num == 0
    has_time = of.num_unknown_seconds < of.num or of.num == 0
    return (
        flops(of.nominal_flops) if is_known else UNKNOWN,
        flops(of.executed_flops) if is_known else UNKNOWN,
        seconds(of.seconds) if has_time else UNKNOWN,
        memory(of.memory_bytes) if of.memory_bytes else "–",
        size(of.disk_bytes) if is_known else UNKNOWN,
    )


def _label(step: Step) -> str:
    """A step's name without its seed, and an evaluation's without its set."""
    name = re.sub(r", seed \d+$", "", step.name)
    return "levels" if step.kind == "tag" else name.partition(" on ")[0] if step.kind == "evaluate" else name
