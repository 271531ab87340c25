"""Evaluating on one benchmark: sampling shard by shard, then grading; run again after a kill, it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from synergy import __version__
from synergy.config.protocol import ProtocolConfig
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.asking import extraction_of
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.gathering import Gathering, Watcher
from synergy.evaluation.levels_file import LevelsFile
from synergy.evaluation.problems_file import read_images, write_problems
from synergy.evaluation.request import Asked, read_prompt
from synergy.evaluation.samples import SAMPLES
from synergy.evaluation.score_file import SamplingPart, ScoreFile, read_score
from synergy.evaluation.scoring import SCORE, make_score, write_scored
from synergy.evaluation.verdicts import GradedResponse, GradingRules, grade_responses
from synergy.grading.judge import Judge
from synergy.grading.judge_prompt import prompt_hash


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """A score, and whether anything had to be done for it."""

    score: ScoreFile
    was_finished: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """One model under one protocol."""

    protocol: ProtocolConfig
    asked: Asked
    answerer: Callable[[], Answerer]  #: makes it when the first response is missing
    judge: Judge | None = None
    levels: LevelsFile | None = None  #: measured levels, in place of those that problems come with
    keeps_pictures: bool = True  #: write the problems' pictures beside the score

    def evaluate(self, on: EvaluationSet, folder: Path, watcher: Watcher, *, retry_failed: bool = False) -> Evaluated:
        """The score on a benchmark, from its folder where it is there already.

        Raises InputError where the folder holds what was asked for otherwise or problems lack a level in `levels`, and
        what sampler and judge raise.
        """
        gathering = self.gather(on, folder, retry_failed=retry_failed)
        levelled = None if self.levels is None else self.levels.applied(gathering.problems)
        if gathering.was_complete and (stored := self._stored(folder)):
            return Evaluated(score=stored, was_finished=True)
        graded = self.grade(gathering, watcher)
        levels = None if levelled is None else {problem.id: problem.level for problem in levelled}
        write_problems(folder, gathering.problems, read_images(folder), levels)
        score = make_score(
            graded,
            asked=on,
            problems=gathering.problems,
            model=self.asked.model,
            rules=self._rules(on),
            protocol=self.protocol,
            sampling=self._sampling(folder),
            levels=self.levels.part() if self.levels else None,
        )
        write_scored(folder, score, graded, gathering.problems)
        return Evaluated(score=score, was_finished=False)

    def gather(self, on: EvaluationSet, folder: Path, *, retry_failed: bool = False) -> Gathering:
        """The responses to a set's problems in a folder, there or still to be sampled; raises as `Gathering`."""
        return Gathering(
            self.asked,
            self.answerer,
            on,
            folder,
            keeps_pictures=self.keeps_pictures,
            retry_failed=retry_failed,
        )

    def grade(self, gathering: Gathering, watcher: Watcher) -> list[GradedResponse]:
        """All responses with their verdicts, by problem and run, problems with the levels that count here."""
        responses = gathering.responses(watcher)
        problems = gathering.problems if self.levels is None else self.levels.applied(gathering.problems)
        by_id = {problem.id: problem for problem in problems}
        pairs = [(by_id[each.problem_id], each) for each in responses]
        return grade_responses(pairs, self._rules(gathering.on), watcher.stage)

    def _rules(self, on: EvaluationSet) -> GradingRules:
        return GradingRules(
            extraction=extraction_of(self.protocol),
            truncated_is_wrong=self.protocol.truncated_is_wrong,
            official=on.official,
            judge=self.judge,
        )

    def _stored(self, folder: Path) -> ScoreFile | None:
        """The score that is there, if this version made it under this protocol with this judge and these levels."""
        path = folder / SCORE
        if not path.exists() or not (folder / SAMPLES).exists():
            return None
        score = read_score(path)
        if score.protocol != self.protocol or score.packages.get("vlm-synergy") != __version__:
            return None
        if score.breakdown is None or score.levels != (self.levels.part() if self.levels else None):
            return None
        if self.judge is None:
            return score  # a judged one says what rules alone say, too
        wanted = (self.judge.config, self.judge.endpoint.model, prompt_hash())
        is_same = score.judge and (score.judge.config, score.judge.served_as, score.judge.prompt_sha256) == wanted
        return score if is_same else None

    def _sampling(self, folder: Path) -> SamplingPart:
        problem_id, prompt = read_prompt(folder)
        return SamplingPart(
            asked_as=self.asked.asked_as,
            seed=self.asked.seed,
            num_runs=self.asked.num_runs,
            problems_per_shard=self.asked.problems_per_shard,
            applies_image_limits=self.asked.model.backend != "endpoint",
            first_problem=problem_id,
            first_prompt=prompt,
        )
