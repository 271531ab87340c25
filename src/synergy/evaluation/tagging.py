"""Tagging problems with levels of difficulty: how often a reference model solves them.

The responses are drawn by random numbers of their own (`Purpose.TAG`). A model's accuracy by level must never be
computed from the responses that made the levels: those that were lucky are in the easy levels for their luck, which
shows gains at hard levels and losses at easy ones that are not there (regression to the mean). So no score is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

from synergy.config.protocol import ProtocolConfig
from synergy.errors import InputError
from synergy.evaluation.asking import extraction_of
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.gathering import Watcher
from synergy.evaluation.levels_file import LevelsFile, ProblemLevel, TagSampling, Thresholds, content_digest
from synergy.evaluation.run import Evaluation
from synergy.evaluation.samples import write_samples
from synergy.evaluation.verdicts import STRICT, GradedResponse
from synergy.statistics.levels import LEVEL_SIXTEENTHS, level_of

NUM_SAMPLES = 16  #: 2507.07562, section 2.3


@dataclass(frozen=True, kw_only=True, eq=False)
class Tagged:
    """Levels, and whether any response had to be sampled for them."""

    levels: LevelsFile
    was_complete: bool


def tag(
    evaluation: Evaluation,
    on: EvaluationSet,
    folder: Path,
    watcher: Watcher,
    *,
    thresholds: Thresholds = LEVEL_SIXTEENTHS,
    retry_failed: bool = False,
) -> Tagged:
    """The levels of a set's problems for the model of an evaluation whose purpose is tagging.

    Responses, problems.jsonl and samples.parquet are kept in `folder`, where a killed tagging goes on. Raises
    InputError for thresholds that do not fall, for several samples without randomness, and as `Evaluation.evaluate`.
    """
    assert evaluation.asked.purpose == "tag", "levels have random numbers of their own"
    check_thresholds(thresholds)
    _check_sampling(evaluation.protocol)
    gathering = evaluation.gather(on, folder, retry_failed=retry_failed)
    graded = evaluation.grade(gathering, watcher)
    levels = LevelsFile(
        kind="levels",
        model=evaluation.asked.model,
        sampling=_sampling(evaluation),
        thresholds=thresholds,
        data=on.data,
        problems=problem_levels(graded, thresholds),
    )
    generating = {problem.id: problem.level for problem in gathering.problems}
    write_samples(folder, graded, STRICT, generating)
    return Tagged(levels=levels, was_complete=gathering.was_complete)


def problem_levels(graded: Sequence[GradedResponse], thresholds: Thresholds) -> dict[str, ProblemLevel]:
    """Pass counts and levels from responses by problem, in their order; unscored responses count as not correct."""
    found: dict[str, ProblemLevel] = {}
    for problem_id, members in groupby(graded, key=lambda each: each.problem.id):
        attempts = list(members)
        answered = [each for each in attempts if not each.response.failed]
        num_correct = sum(each.verdicts[STRICT].correct for each in answered)
        found[problem_id] = ProblemLevel(
            num_correct=num_correct,
            num_samples=len(answered),
            level=level_of(num_correct, len(answered), thresholds) if answered else None,
            content=content_digest(attempts[0].problem),
        )
    return found


def check_thresholds(thresholds: Sequence[int]) -> None:
    """Raise InputError unless they are whole sixteenths that fall."""
    is_falling = all(left > right for left, right in pairwise(thresholds))
    if not thresholds or not is_falling or not 0 < thresholds[-1] <= thresholds[0] <= 16:
        raise InputError(
            f"thresholds {', '.join(map(str, thresholds)) or 'none'}; expected falling numbers from 16 down to 1, the "
            "fewest correct ones of 16 samples for level 1, 2, …"
        )


def _check_sampling(protocol: ProtocolConfig) -> None:
    if protocol.num_runs > 1 and protocol.response.temperature == 0:
        raise InputError(
            f"{protocol.num_runs} samples at temperature 0 are {protocol.num_runs} times the same; expected a higher "
            "temperature: give response.temperature, or one sample"
        )


def _sampling(evaluation: Evaluation) -> TagSampling:
    asked, extraction = evaluation.asked, extraction_of(evaluation.protocol)
    return TagSampling(
        seed=asked.seed,
        num_samples=asked.num_runs,
        asking=asked.asking,
        asked_as=asked.asked_as,
        response=asked.response,
        images=asked.images,
        extraction=extraction.name if extraction else "any",
        truncated_is_wrong=evaluation.protocol.truncated_is_wrong,
    )
