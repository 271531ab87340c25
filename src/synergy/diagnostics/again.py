"""Evaluating a model of a study once more, on the first problems of a set, otherwise asked: with other pictures.

An `Evaluation` in a folder of its own, so a killed one goes on; random numbers are those of the study's evaluation, so
that only what is asked differs.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from synergy.config.data import ImagesAs
from synergy.config.resolve import canonical_json, resolved
from synergy.config.study_steps import EvaluateStepConfig
from synergy.diagnostics.subject import Subject
from synergy.evaluation.answerer import OnProgress
from synergy.evaluation.benchmark_sets import FirstProblems
from synergy.evaluation.config_set import config_set
from synergy.evaluation.corrupted_set import with_images
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.opening import answerer_of, asked_of, model_part_of
from synergy.evaluation.run import Evaluation

OnCount = Callable[[str, int, int], None]


class _Told:
    """A diagnostic's progress as an evaluation tells it."""

    def __init__(self, words: str, on_progress: OnCount) -> None:
        self._words, self._on_progress = words, on_progress

    def sampling(self, num_before: int, num_responses: int) -> OnProgress:
        """As `gathering.Watcher.sampling`."""
        return lambda num_finished, num_tokens: self._on_progress(self._words, num_before + num_finished, num_responses)

    def stage(self, name: str, num_done: int, num: int) -> None:
        """As `gathering.Watcher.stage`."""
        self._on_progress(f"{self._words}, {name}", num_done, num)


def first_problems(config: EvaluateStepConfig, num_problems: int) -> EvaluationSet:
    """The set of a study's evaluation, its first problems alone."""
    instructed = config.protocol.asking.benchmark_instruction
    on = config_set(config.data, config.name, config.title, is_instructed=instructed)
    if num_problems >= len(on.problems):
        return on
    return replace(on, problems=FirstProblems(on.problems, num_problems), limit=num_problems)


def evaluated_with_images(
    subject: Subject,
    config: EvaluateStepConfig,
    how: ImagesAs,
    *,
    num_problems: int,
    cache: Path,
    on_progress: OnCount,
) -> Path:
    """The folder of the subject's evaluation as `config` says, on its first problems with their pictures as `how` says.

    Raises as `Evaluation.evaluate` does.
    """
    assert subject.model is not None, "checked by needs"
    model = config.model.model_copy(update={"checkpoint": str(subject.model)})
    part = model_part_of(model, name="again").model_copy(update={"checkpoint": None})
    asked = asked_of(config.protocol, part, is_tuned=config.is_tuned, seed=config.seed)
    evaluation = Evaluation(
        protocol=config.protocol,
        asked=asked,
        answerer=answerer_of(model, config.protocol, is_tuned=config.is_tuned, seed=config.seed),
        keeps_pictures=False,
    )
    on = with_images(first_problems(config, num_problems), how)
    known_by = [resolved(asked), resolved(config), how, num_problems]
    folder = cache / hashlib.sha256(canonical_json(known_by).encode()).hexdigest()[:24]
    evaluation.evaluate(on, folder, _Told(f"{subject.name} on {config.name}, images {how}", on_progress))
    return folder
