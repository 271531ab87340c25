"""A study's arms as what diagnostics look at."""

from pathlib import Path
from typing import Any

from synergy.diagnostics.subject import Subject
from synergy.recipes.step import checkpoint_folder
from synergy.studies.plan_file import ArmRun
from synergy.studies.results import StudyResults


def subjects_of(results: StudyResults) -> list[Subject]:
    """Every finished run of the study's shown arms, the name with seed and cell where there are several."""
    shown = [run for run in results.plan.runs if run.shown]
    many = len({(run.seed, *run.axes.items()) for run in shown}) > 1
    return [_subject(results, run, many) for run in shown if _is_done(results, run)]


def _subject(results: StudyResults, run: ArmRun, many: bool) -> Subject:
    steps = results.plan.steps
    name = ", ".join([run.arm, *run.axes.values(), f"seed {run.seed}"]) if many else run.arm
    evaluated = {on: steps[key] for on, key in run.evaluations.items() if steps[key].done}
    made = [key for key in run.stages.values() if steps[key].done]
    models = [key for key in made if (results.step_folder(key) / "model").exists()]
    bases = [key for step in evaluated.values() for role, key in step.inputs.items() if role == "model"]
    model = next(iter([*reversed(models), *bases]), None)
    return Subject(
        name=name,
        recipe=run.recipe,
        seed=run.seed,
        model=results.step_folder(model) / "model" if model is not None else _given(results),
        runs=tuple(results.step_folder(key) for key in made if steps[key].kind == "train"),
        responses={on: results.step_folder(step.key) for on, step in evaluated.items()},
    )


def _given(results: StudyResults) -> Path | None:
    """The base model that the study names, where it is a folder."""
    common: Any = results.study.stages["common"]
    folder = Path(checkpoint_folder(str(common["model"]["checkpoint"])))
    return folder if folder.is_dir() else None


def _is_done(results: StudyResults, run: ArmRun) -> bool:
    return any(results.plan.steps[key].done for key in run.evaluations.values())
