"""Evaluating a model on one set as a step; for levels, counting how often it is right."""

import time
from collections.abc import Mapping
from pathlib import Path

from synergy.config.study_steps import EvaluateStepConfig
from synergy.evaluation.answerer import OnProgress
from synergy.evaluation.config_set import config_set
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.levels_file import write_levels
from synergy.evaluation.opening import answerer_of, asked_of, model_part_of
from synergy.evaluation.run import Evaluation
from synergy.evaluation.tagging import tag
from synergy.recipes.step import Step, checkpoint_folder
from synergy.records import Purpose
from synergy.studies.input_model import input_model
from synergy.studies.parameters import count_parameters, with_flops
from synergy.studies.plan_file import LedgerPart
from synergy.studies.spent import response_tokens
from synergy.studies.watching import StudyWatcher

LEVELS = "levels.json"


class Stages:
    """A study's watcher as an evaluation knows one."""

    def __init__(self, watcher: StudyWatcher) -> None:
        self._watcher = watcher

    def sampling(self, num_before: int, num_responses: int) -> OnProgress:
        """As `gathering.Watcher.sampling`."""
        return self._watcher.sampling_of(num_before, num_responses)

    def stage(self, name: str, num_done: int, num: int) -> None:
        """As `gathering.Watcher.stage`."""
        self._watcher.stage(name, num_done, num)


def evaluate_step(step: Step, inputs: Mapping[str, Path], folder: Path, watcher: StudyWatcher) -> LedgerPart:
    """Sample, grade and write into `folder`, or go on there; raises as `Evaluation.evaluate` and `tag` do."""
    config = step.config
    assert isinstance(config, EvaluateStepConfig)
    start = time.perf_counter()
    model = input_model(config.model, inputs)
    purpose = Purpose.TAG if config.purpose == "tag" else Purpose.EVALUATE
    part = model_part_of(model, name=step.name, backend=config.backend)
    part = part.model_copy(update={"checkpoint": config.model.checkpoint})
    evaluation = Evaluation(
        protocol=config.protocol,
        asked=asked_of(
            config.protocol,
            part,
            is_tuned=config.is_tuned,
            seed=config.seed,
            purpose=purpose,
            problems_per_shard=config.problems_per_shard,
        ),
        answerer=answerer_of(
            model,
            config.protocol,
            is_tuned=config.is_tuned,
            seed=config.seed,
            purpose=purpose,
            backend=config.backend,
        ),
    )
    on, stages = _set_of(config), Stages(watcher)
    if config.purpose == "tag":
        write_levels(tag(evaluation, on, folder, stages).levels, folder / LEVELS)
    else:
        evaluation.evaluate(on, folder, stages)
    tokens = response_tokens(folder)
    ledger = LedgerPart(
        generated_tokens=tokens if config.purpose == "tag" else 0,
        evaluation_tokens=tokens if config.purpose == "evaluate" else 0,
        seconds=time.perf_counter() - start,
    )
    return with_flops(ledger, count_parameters(Path(checkpoint_folder(model.checkpoint))))


def _set_of(config: EvaluateStepConfig) -> EvaluationSet:
    instructed = config.protocol.asking.benchmark_instruction
    return config_set(config.data, config.name, config.title, is_instructed=instructed)
