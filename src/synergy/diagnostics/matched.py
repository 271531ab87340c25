"""Whether trainings were alike: settings that differ between models, stage by stage, and those that matter most.

A comparison of arms is worth what is equal between them; this prints both halves of it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synergy.config.resolve import resolved
from synergy.config.train import TrainConfig
from synergy.data.load import open_data
from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, Verdict
from synergy.diagnostics.stored import trained_by

#: shown even where all models agree: what a reader asks first
ALWAYS = (
    "data.source",
    "data.split",
    "data.seed",
    "data.num_problems",
    "prompt",
    "reward.accuracy",
    "reward.format",
    "algorithm.name",
    "optimizer.learning_rate",
    "optimizer.schedule",
    "train.num_steps",
    "train.problems_per_step",
    "train.samples_per_problem",
    "sampling.temperature",
    "sampling.max_tokens",
    "seed",
)
_FOLDERS = {"model.checkpoint", "data.path"}  #: where things lie is no setting


def matched(inquiry: Inquiry) -> Finding:
    """A row a stage and setting; stages are told apart by kind: fine-tuning, then RL."""
    subjects = [each for each in inquiry.subjects if each.runs]
    trainings = {each.name: _by_kind(each.runs) for each in subjects}
    rows: list[dict[str, Cell]] = []
    verdicts: list[Verdict] = []
    for kind in ("sft", "rl"):
        having = {name: found[kind] for name, found in trainings.items() if kind in found}
        shown, num_equal = compare(having)
        rows += [{"stage": kind, "setting": path, "value": told(values)} for path, values in shown.items()]
        differing = [path for path, values in shown.items() if len({*values.values()}) > 1]
        if len(having) > 1:
            because = f"{num_equal} settings are equal in {', '.join(having)}"
            because += f"; these differ: {', '.join(differing)}" if differing else ""
            name = "differ" if differing else "matched"
            verdicts.append(Verdict(subject=f"{kind} of {len(having)} models", name=name, because=f"{because}."))
    return Finding(
        kind="finding",
        diagnostic="matched",
        about=tuple(trainings),
        against=None,
        method=(
            "Resolved settings of all trainings, leaf by leaf, folders apart; shown are those that differ and those "
            "that matter most. Behind each value that not all have stand the models that have it."
        ),
        verdicts=tuple(verdicts),
        columns=(
            FindingColumn(name="stage", title="training"),
            FindingColumn(name="setting", title="setting"),
            FindingColumn(name="value", title="value"),
        ),
        rows=tuple(rows),
    )


def compare(having: Mapping[str, Mapping[str, Cell]]) -> tuple[dict[str, dict[str, Cell]], int]:
    """By setting, its value by model: of those that differ and those of `ALWAYS`; and how many are equal."""
    paths = list(dict.fromkeys(path for settings in having.values() for path in settings))
    differing = [path for path in paths if len({settings.get(path, "–") for settings in having.values()}) > 1]
    chosen = [path for path in paths if path in differing or path in ALWAYS]
    chosen.sort(key=lambda path: (path not in ALWAYS, ALWAYS.index(path) if path in ALWAYS else 0))
    shown = {path: {name: settings.get(path, "–") for name, settings in having.items()} for path in chosen}
    return shown, len(paths) - len(differing)


def told(values: Mapping[str, Cell]) -> Cell:
    """A setting's value in words: the one that all models have, or each with those that have it."""
    having: dict[Cell, list[str]] = {}
    for name, value in values.items():
        having.setdefault(value, []).append(name)
    if len(having) == 1:
        return next(iter(having))
    return "; ".join(f"{value} ({', '.join(names)})" for value, names in having.items())


def _by_kind(runs: Sequence[Path]) -> dict[str, dict[str, Cell]]:
    """The settings of the last training of each kind."""
    found: dict[str, dict[str, Cell]] = {}
    for run in runs:
        config = trained_by(run)
        kind = "sft" if config.algorithm.name == "sft" else "rl"
        found[kind] = {path: value for path, value in leaves(resolved(_said_out(config))) if path not in _FOLDERS}
    return found


def _said_out(config: TrainConfig) -> TrainConfig:
    """With what is left open said: how many problems there are, and which ones are validated on."""
    changes: dict[str, Any] = {}
    if config.data.num_problems is None:
        changes["data"] = config.data.model_copy(update={"num_problems": len(open_data(config.data))})
    if config.evaluation is not None:
        changes["evaluation"] = config.evaluation.model_copy(update={"data": config.validation_data})
    return config.model_copy(update=changes)


def leaves(value: Any, path: str = "") -> list[tuple[str, Cell]]:
    """Every value of a resolved config by its path; lists are one value."""
    if isinstance(value, Mapping):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, f"{path}.{name}" if path else name)]
    return [(path, value if isinstance(value, str | int | float) and not isinstance(value, bool) else str(value))]
