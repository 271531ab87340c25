"""Which axis of a study is that of models, of numbers of problems, of trace sources: by what its values set."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from synergy.config.study import AxisValue
from synergy.studies.claims.claim import LackingError
from synergy.studies.claims.pool import pool
from synergy.studies.claims.sets import Role
from synergy.studies.claims.weighted import Weighted
from synergy.studies.results import StudyResults

AxisKind = Literal["model", "problems", "traces"]

#: ends of the paths that tell the axis; one of traces may also be called so, as files of traces differ in their path
_PATHS: Mapping[AxisKind, tuple[str, ...]] = {
    "model": ("model.checkpoint",),
    "problems": ("data.num_problems",),
    "traces": ("data.trace", "data.trace_column"),
}
_LACKING: Mapping[AxisKind, str] = {
    "model": "an axis of models (its values set model.checkpoint)",
    "problems": "an axis of numbers of problems (its values set data.num_problems)",
    "traces": "an axis or arms of trace sources (data.trace, data.trace_column, or an axis named trace…)",
}


def find_axis(results: StudyResults, kind: AxisKind) -> str:
    """The study's axis of that kind with at least two values; raises LackingError."""
    for name, values in results.study.axes.items():
        is_named = kind == "traces" and name.startswith("trace")
        if len(values) > 1 and (is_named or all(any(_leaves_of(value, kind)) for value in values)):
            return name
    raise LackingError(_LACKING[kind])


def num_problems(results: StudyResults, axis: str) -> dict[str, int]:
    """By label, the number of training problems that an axis sets, the largest where stages differ."""
    return {
        value.label: max(int(number) for number in _leaves_of(value, "problems")) for value in results.study.axes[axis]
    }


def along(results: StudyResults, axis: str, arms: tuple[str, ...], role: Role = "main") -> Weighted:
    """Overall scores of these arms at every value of an axis, as arms called ARM@LABEL; raises LackingError."""
    labels = [value.label for value in results.study.axes[axis]]
    found = {label: pool(results, arms, role=role, where=(axis, label)).overall for label in labels}
    num_seeds = min(each.num_seeds for each in found.values())
    rows = [found[label].scores[found[label].arms.index(arm), :num_seeds] for label in labels for arm in arms]
    return Weighted(arms=tuple(at(arm, label) for label in labels for arm in arms), scores=np.stack(rows))


def at(arm: str, label: str) -> str:
    """What `along` calls an arm at a value."""
    return f"{arm}@{label}"


def is_path_of(path: str, kind: AxisKind) -> bool:
    """Whether a path into a stage sets what such an axis sets."""
    return path.endswith(tuple(f".{end}" for end in _PATHS[kind]))


def _leaves_of(value: AxisValue, kind: AxisKind) -> Iterator[Any]:
    for stage, settings in value.stages.items():
        for path, leaf in _leaves(settings, stage):
            if is_path_of(path, kind):
                yield leaf


def _leaves(values: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        inner = f"{path}.{name}"
        if isinstance(value, Mapping):
            yield from _leaves(value, inner)
        else:
            yield inner, value
