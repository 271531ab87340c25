"""Traces near the model's own distribution do less harm outside their source."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from synergy.studies.claims.arms import arms_of, changes, main_arms
from synergy.studies.claims.axes import along, at, find_axis, is_path_of
from synergy.studies.claims.claim import THIRD, Claim, Evidence, LackingError
from synergy.studies.claims.curves import train_keys, train_values
from synergy.studies.claims.evidence import above
from synergy.studies.claims.pool import pool
from synergy.studies.claims.weighted import Weighted
from synergy.studies.plan_file import ArmRun
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    scores, runs = _sources(results)
    distances = {name: _distance(results, of_source) for name, of_source in runs.items()}
    ordered = sorted(distances, key=lambda name: distances[name])
    near, far = ordered[0], ordered[-1]
    return replace(
        above(scores.over(near, far)),
        num_seeds=scores.num_seeds,
        details=tuple((f"{name}, held-out accuracy", scores.mean(name), None, None) for name in ordered),
        note=f"nearness is −log p of traces at the first step, in nats per token, our measure: {_listed(distances)}",
    )


def _listed(distances: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {distances[name]:.2f}" for name in sorted(distances, key=lambda name: distances[name]))


def _sources(results: StudyResults) -> tuple[Weighted, dict[str, list[ArmRun]]]:
    """Held-out scores of SFT by trace source, and its runs: arms that differ in the traces alone, or an axis."""
    (main,) = main_arms(results, "sft")
    arms = [arm for arm in arms_of(results, "sft") if all(map(_is_of_traces, changes(results, arm)))]
    runs = [run for run in results.plan.runs if run.shown]
    if len(arms) > 1:
        scores = pool(results, arms, role="held_out").overall
        return scores, {arm: [run for run in runs if run.arm == arm] for arm in arms}
    axis = find_axis(results, "traces")
    labels = [value.label for value in results.study.axes[axis]]
    by_label = {
        at(main, label): [run for run in runs if run.arm == main and run.axes[axis] == label] for label in labels
    }
    return along(results, axis, (main,), role="held_out"), by_label


def _is_of_traces(path: str) -> bool:
    return is_path_of(path, "traces") or path.endswith(".data.path")


def _distance(results: StudyResults, runs: list[ArmRun]) -> float:
    firsts = [train_values(results, key, "nll/value")[1][:1] for run in runs for key in train_keys(results, run)[:1]]
    values = [value for first in firsts for value in first]
    if not values:
        raise LackingError("nll/value in the metrics of SFT")
    return float(np.mean(values))


CLAIM = Claim(
    name="near_traces_keep_held_out",
    source=f"{THIRD}, finding 4 [note]",
    statement="On held-out tasks SFT on the traces nearest to the model's own distribution beats SFT on the farthest.",
    needs=("sft", "axis or arms of trace sources", "held-out evaluation set"),
    judge=_judge,
)
