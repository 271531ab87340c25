"""Training curves: reward and its two labelled parts, entropy, length, KL, truncation, validation accuracy, by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, Value
from synergy.report.figure import Panel, figure
from synergy.report.markup import Section, by_cell
from synergy.report.view import StudyView
from synergy.studies.results import Cell

_MAX_POINTS = 60  #: of a drawn line; what is between is averaged, the data has every step


@dataclass(frozen=True, kw_only=True)
class _Curve:
    """A metric that runs write to metrics.jsonl."""

    title: str
    kind: str  #: of its lines: train or evaluation
    metric: str
    factor: float = 1.0
    axis: str = ""


CURVES = (
    _Curve(title="Reward", kind="train", metric="reward/mean", axis="mean reward"),
    _Curve(title="Reward, perception", kind="train", metric="reward/perception", axis="mean reward"),
    _Curve(title="Reward, cognition", kind="train", metric="reward/cognition", axis="mean reward"),
    _Curve(title="Validation accuracy", kind="evaluation", metric="evaluation/accuracy", factor=100, axis="%"),
    _Curve(title="Entropy", kind="train", metric="sampling/entropy", axis="nats per token"),
    _Curve(title="Response length", kind="train", metric="response/length_tokens", axis="tokens"),
    _Curve(title="KL to the reference", kind="train", metric="kl/value", axis="nats per token"),
    _Curve(
        title="Truncated (clip ratio)",
        kind="train",
        metric="response/truncated_fraction",
        factor=100,
        axis="% of responses",
    ),
    _Curve(title="Imitation loss", kind="train", metric="nll/value", axis="nats per token"),
)


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """A training of one arm, with each seed."""

    arm: str
    name: str
    lines: dict[int, list[dict[str, Any]]]  #: by seed


def curves(view: StudyView) -> Section | None:
    """The section; None where no training is done."""
    body = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix))
    return None if body is None else Section(id="curves", title="Training", body=body)


def _of_cell(view: StudyView, cell: Cell, prefix: str) -> Markup | None:
    stages = _stages(view, cell)
    panels: list[Panel] = []
    rows: list[list[Value]] = []
    for index, curve in enumerate(CURVES):
        marks = [mark for stage in stages for mark in _marks(stage, curve)]
        if marks:
            chart = draw(
                marks,
                name=f"{prefix}curve-{index}",
                title=f"{curve.title} by training step",
                x=Axis(title="step"),
                y=Axis(title=curve.axis),
                styles={stage.arm: view.style(stage.arm) for stage in stages},
                kind=ChartKind(joined=True, dotted=False, thin=True),
            )
            panels.append(Panel(title=curve.title, chart=chart))
            rows += [[stage.arm, stage.name, curve.metric, *row] for stage in stages for row in _values(stage, curve)]
    if not panels:
        return None
    caption = (
        "Each training once, under the first arm that uses it; mean over seeds. A line is averaged to at most "
        f"{_MAX_POINTS} points; the data has every step of every seed."
    )
    data = DataTable(name=f"{prefix}curves", columns=("arm", "stage", "metric", "seed", "step", "value"), rows=rows)
    arms = list(dict.fromkeys(stage.arm for stage in stages))
    return figure(view, panels=panels, caption=caption, arms=arms, data=data)


def _stages(view: StudyView, cell: Cell) -> list[_Stage]:
    """Every training that is done, named by the first arm that uses it: an arm of one stage before combinations."""
    found: dict[tuple[str, str], _Stage] = {}
    seen: set[str] = set()
    runs = [run for run in view.results.plan.runs if run.shown and run.axes == cell.axes and run.arm in view.arms]
    for run in sorted(runs, key=lambda run: (len(run.stages), view.arms.index(run.arm))):
        for stage, key in run.stages.items():
            step = view.results.plan.steps[key]
            if key in seen or step.kind != "train" or not step.done:
                continue
            seen.add(key)
            group = found.setdefault((run.arm, stage), _Stage(arm=run.arm, name=stage, lines={}))
            group.lines[run.seed] = view.results.metrics(key)
    order = {arm: index for index, arm in enumerate(view.arms)}
    return sorted(found.values(), key=lambda stage: order[stage.arm])


def _values(stage: _Stage, curve: _Curve) -> list[list[Value]]:
    """Seed, step, value; steps at which the metric was not measured are left out."""
    return [
        [seed, int(line["step"]), curve.factor * float(line[curve.metric])]
        for seed, lines in stage.lines.items()
        for line in lines
        if line["kind"] == curve.kind and line.get(curve.metric) is not None
    ]


def _marks(stage: _Stage, curve: _Curve) -> list[Mark]:
    by_step: dict[int, list[float]] = {}
    for _, step, value in _values(stage, curve):
        by_step.setdefault(int(step or 0), []).append(float(value or 0))
    steps = sorted(by_step)
    if not steps:
        return []
    label = f"{stage.arm}, stage {stage.name}"
    averaged = _thinned(steps, [float(np.mean(by_step[step])) for step in steps])
    return [Mark(x=x, y=y, arm=stage.arm, line=stage.name, label=label) for x, y in averaged]


def _thinned(steps: Sequence[int], values: Sequence[float]) -> list[tuple[float, float]]:
    """Means of as many neighbours as make at most `_MAX_POINTS` points."""
    width = -(-len(steps) // _MAX_POINTS)
    starts = range(0, len(steps), width)
    return [(float(np.mean(steps[i : i + width])), float(np.mean(values[i : i + width]))) for i in starts]
