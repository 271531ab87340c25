"""The trainings that an arm is made of, as configs that other frameworks can be given."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synergy.config.data import FileDataConfig
from synergy.config.study import AxisValue, StudyConfig
from synergy.config.train import TrainConfig
from synergy.errors import FileError, InputError, unknown_name
from synergy.evaluation.training_table import DATA
from synergy.recipes.recipe import Arm
from synergy.recipes.registry import RECIPES
from synergy.recipes.settings import BASE, ArmSettings, check_varies
from synergy.recipes.step import STEP_DATA, STEP_MODEL, Step

STEPS = "steps"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One training."""

    name: str
    config: TrainConfig
    starts_from: str | None  #: the stage whose model it starts from; None for the checkpoint in `config`


@dataclass(frozen=True, kw_only=True)
class ArmStages:
    """An arm's trainings in order."""

    study: str
    arm: str
    seed: int
    stages: tuple[Stage, ...]
    others: tuple[str, ...]  #: steps of it that are no trainings, such as a merge


def arm_stages(
    study: StudyConfig, name: str, *, seed: int | None, labels: Mapping[str, str], folder: Path
) -> ArmStages:
    """The trainings of an arm with one seed at one point of the study's axes, its first ones where not named.

    Data that another step makes are looked for in the study's `folder`. Raises InputError for an unknown arm, seed or
    axis, FileError where such data are not there yet.
    """
    check_varies(study)
    if name not in study.arms:
        raise unknown_name(f"arm of study {study.name}", name, study.arms)
    chosen = study.seeds[0] if seed is None else seed
    if chosen not in study.seeds:
        raise InputError(f"--seed {chosen}: expected one of the study's seeds, {', '.join(map(str, study.seeds))}")
    arm = Arm(ArmSettings(study, name, _cell(study, labels)), chosen)
    made = RECIPES[study.arms[name].recipe](arm)[0]
    arm.check_options()
    names = {id(step): stage for stage, step in made.stages.items()}
    if arm.base is not None:  # no training of the arm's, so its model has to be brought along
        names[id(arm.base)] = BASE
    stages = [
        Stage(name=stage, config=_with_data(step.config, step, folder), starts_from=_start(step, names))
        for stage, step in made.stages.items()
        if isinstance(step.config, TrainConfig)
    ]
    others = tuple(stage for stage, step in made.stages.items() if not isinstance(step.config, TrainConfig))
    return ArmStages(study=study.name, arm=name, seed=chosen, stages=tuple(stages), others=others)


def _cell(study: StudyConfig, labels: Mapping[str, str]) -> dict[str, AxisValue]:
    for axis in labels:
        if axis not in study.axes:
            raise unknown_name(f"axis of study {study.name}", axis, study.axes)
    found: dict[str, AxisValue] = {}
    for axis, values in study.axes.items():
        by_label = {value.label: value for value in values}
        label = labels.get(axis, values[0].label)
        if label not in by_label:
            raise unknown_name(f"value of axis {axis}", label, by_label)
        found[axis] = by_label[label]
    return found


def _start(step: Step, names: Mapping[int, str]) -> str | None:
    assert isinstance(step.config, TrainConfig), "asked of trainings alone"
    return names[id(step.inputs["model"])] if step.config.model.checkpoint == STEP_MODEL else None


def _with_data(config: TrainConfig, step: Step, folder: Path) -> TrainConfig:
    """The config with the table that another step has made in the place of the word for it."""
    if not isinstance(config.data, FileDataConfig) or config.data.path != STEP_DATA:
        return config
    path = folder / STEPS / step.inputs["data"].folder_name / DATA
    if not path.is_file():
        raise FileError(
            f"{path}: does not exist, and {step.name} trains on it; expected the study to have made it: run "
            "synergy study first, or say where it ran with --study"
        )
    return config.model_copy(update={"data": config.data.model_copy(update={"path": path})})
