"""From a study's document to its graph: which runs there are, which steps they need, each step once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from synergy.benchmarks.registry import get_benchmark
from synergy.config.benchmark_data import BenchmarkDataConfig
from synergy.config.model import ModelConfig
from synergy.config.study import AxisValue, EvaluationSetConfig, StudyConfig
from synergy.config.study_steps import EvaluateStepConfig
from synergy.recipes.recipe import Arm, Made
from synergy.recipes.registry import RECIPES
from synergy.recipes.settings import BASE, ArmSettings, check_varies
from synergy.recipes.step import STEP_MODEL, Step, in_order
from synergy.studies.plan_file import ArmRun, LedgerPart, PlanFile, PlannedStep

TAG_SEED = 0  #: levels are measured once for all seeds


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """All runs of a study and all their steps."""

    study: StudyConfig
    runs: tuple[ArmRun, ...]
    levels: Mapping[str, Step]  #: the step that measures an evaluation set's levels, by cell and set: "cell/set"
    steps: tuple[Step, ...]  #: in an order in which each finds its inputs done

    def plan(self, done: Mapping[str, LedgerPart], estimates: Mapping[str, float]) -> PlanFile:
        """What is written to plan.json; `done` and `estimates` (seconds) are by key."""
        planned = {
            step.key: PlannedStep(
                key=step.key,
                kind=step.kind,
                number=number,
                name=step.name,
                inputs={role: each.key for role, each in step.inputs.items()},
                is_base=step.stage == BASE,
                done=step.key in done,
                ledger=done.get(step.key),
                estimated_seconds=estimates.get(step.key),
            )
            for number, step in enumerate(self.steps)
        }
        return PlanFile(
            kind="plan",
            study=self.study.name,
            baseline=self.study.baseline,
            levels={name: step.key for name, step in self.levels.items()},
            runs=self.runs,
            steps=planned,
            differences={name: ArmSettings(self.study, name, {}).differences() for name in self.study.arms},
        )

    def needed(self, runs: tuple[ArmRun, ...]) -> list[Step]:
        """The steps of some of the runs, their inputs and the levels, in order."""
        keys = {key for run in runs for key in (*run.stages.values(), *run.evaluations.values())}
        wanted = [step for step in self.steps if step.key in keys] + list(self.levels.values())
        order = {step.key: index for index, step in enumerate(self.steps)}
        return sorted(in_order(wanted), key=lambda step: order[step.key])


def make_graph(study: StudyConfig) -> Graph:
    """The graph of a study; raises InputError where arms differ outside `varies` or a stage cannot be read."""
    check_varies(study)
    for each in study.evaluation.sets:
        if isinstance(each.data, BenchmarkDataConfig):
            get_benchmark(each.data.benchmark)  # an unknown one is said now, not after the trainings
    runs: list[ArmRun] = []
    ends: list[Step] = []
    levels: dict[str, Step] = {}
    for cell in _cells(study):
        labels = {axis: value.label for axis, value in cell.items()}
        for each in study.evaluation.sets:
            tag = _tag(study, cell, each)
            if tag is not None:
                levels[level_name(labels, each.name)] = tag
                ends.append(tag)
        for seed, name in product(study.seeds, study.arms):
            arm = Arm(ArmSettings(study, name, cell), seed)
            made = RECIPES[study.arms[name].recipe](arm)
            arm.check_options()
            for one in made:
                evaluations = {each.name: _evaluate(study, arm, one, each) for each in study.evaluation.sets}
                runs.append(_run(arm, one, labels, evaluations))
                ends += [*one.stages.values(), *evaluations.values()]
    return Graph(study=study, runs=tuple(runs), levels=levels, steps=tuple(in_order(ends)))


def level_name(labels: Mapping[str, str], set_name: str) -> str:
    """How a cell's evaluation set is called in `PlanFile.levels`: the set's name, after the cell's labels if any."""
    return "/".join([*labels.values(), set_name])


def _cells(study: StudyConfig) -> Iterator[dict[str, AxisValue]]:
    for values in product(*study.axes.values()):
        yield dict(zip(study.axes, values, strict=True))


def _run(arm: Arm, made: Made, labels: dict[str, str], evaluations: Mapping[str, Step]) -> ArmRun:
    return ArmRun(
        arm=f"{arm.name}{made.suffix}",
        recipe=made.recipe or arm.settings.config.recipe,
        seed=arm.seed,
        axes=labels,
        stages={stage: step.key for stage, step in made.stages.items()},
        evaluations={name: step.key for name, step in evaluations.items()},
        shown=not made.suffix,
    )


def _evaluate(study: StudyConfig, arm: Arm, made: Made, on: EvaluationSetConfig) -> Step:
    model = made.model or (arm.base if made.checkpoint is None else None)
    config = _evaluation(
        study,
        on,
        arm.model_config(STEP_MODEL if model else made.checkpoint),
        purpose="evaluate",
        seed=arm.seed,
        is_tuned=made.model is not None or made.checkpoint is not None,
        num_runs=study.evaluation.protocol.num_runs,
    )
    name = f"{arm.name}{made.suffix} on {on.name}, seed {arm.seed}"
    return Step(kind="evaluate", name=name, config=config, inputs={} if model is None else {"model": model})


def _tag(study: StudyConfig, cell: Mapping[str, AxisValue], on: EvaluationSetConfig) -> Step | None:
    levels = study.evaluation.levels
    if levels is None:
        return None
    arm = Arm(ArmSettings(study, study.baseline, cell), TAG_SEED)
    base = arm.base if levels.model is None else None
    config = _evaluation(
        study,
        on,
        arm.model_config(STEP_MODEL if base else levels.model),
        purpose="tag",
        seed=TAG_SEED,
        is_tuned=False,
        num_runs=levels.num_samples,
    )
    return Step(kind="tag", name=f"levels of {on.name}", config=config, inputs={"model": base} if base else {})


def _evaluation(
    study: StudyConfig,
    on: EvaluationSetConfig,
    model: ModelConfig,
    *,
    purpose: str,
    seed: int,
    is_tuned: bool,
    num_runs: int,
) -> EvaluateStepConfig:
    protocol = study.evaluation.protocol.model_copy(update={"num_runs": num_runs})
    return EvaluateStepConfig(
        kind="evaluate",
        purpose="tag" if purpose == "tag" else "evaluate",
        model=model if study.evaluation.dtype is None else model.model_copy(update={"dtype": study.evaluation.dtype}),
        is_tuned=is_tuned,
        protocol=protocol,
        name=on.name,
        title=on.title,
        data=on.data,
        seed=seed,
        problems_per_shard=study.evaluation.problems_per_shard,
        backend=study.evaluation.backend,
    )
