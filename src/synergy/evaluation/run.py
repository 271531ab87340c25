"""Evaluating on one benchmark: sampling shard by shard, then grading; run again after a kill, it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from synergy import __version__
from synergy.config.protocol import ProtocolConfig
from synergy.evaluation.answerer import Answerer, OnProgress
from synergy.evaluation.asking import extraction_of
from synergy.evaluation.evaluation_set import EvaluationSet, problems_sha256
from synergy.evaluation.request import Asked, Request, check, create, read_prompt, write_prompt
from synergy.evaluation.responses import Response
from synergy.evaluation.score_file import SamplingPart, ScoreFile, read_score
from synergy.evaluation.scoring import SCORE, make_score, write_scored
from synergy.evaluation.shards import Shards
from synergy.evaluation.verdicts import GradingRules, grade_responses
from synergy.grading.judge import Judge
from synergy.grading.judge_prompt import prompt_hash
from synergy.records import Problem


class Watcher(Protocol):
    """Is told how an evaluation goes on."""

    def sampling(self, num_before: int, num_responses: int) -> OnProgress:
        """Sampling begins: so many responses are there of so many; returns what is told of those under way."""
        ...

    def stage(self, name: str, num_done: int, num: int) -> None:
        """So much of a later stage is done."""
        ...


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
    judge: Judge | None

    def evaluate(self, on: EvaluationSet, folder: Path, watcher: Watcher, *, retry_failed: bool = False) -> Evaluated:
        """The score on a benchmark, from its folder where it is there already.

        Raises InputError where the folder holds what was asked for otherwise, and what sampler and judge raise.
        """
        problems = on.texts()
        request = self._request(on, problems)
        check(folder, request)
        shards = Shards(folder, num_problems=len(problems), problems_per_shard=self.asked.problems_per_shard)
        num_dropped = shards.drop_failed() if retry_failed else 0
        if not shards.missing and not num_dropped and (stored := self._stored(folder)):
            return Evaluated(score=stored, was_finished=True)
        responses = self._sample(on, folder, request, shards, watcher)
        rules = GradingRules(
            extraction=extraction_of(self.protocol),
            truncated_is_wrong=self.protocol.truncated_is_wrong,
            official=on.official,
            judge=self.judge,
        )
        by_id = {problem.id: problem for problem in problems}
        graded = grade_responses([(by_id[each.problem_id], each) for each in responses], rules, watcher.stage)
        score = make_score(
            graded,
            asked=on,
            problems=problems,
            model=self.asked.model,
            rules=rules,
            protocol=self.protocol,
            sampling=self._sampling(folder),
        )
        write_scored(folder, score, graded)
        return Evaluated(score=score, was_finished=False)

    def _request(self, on: EvaluationSet, problems: list[Problem]) -> Request:
        return Request(
            kind="evaluation_request",
            asked=self.asked,
            benchmark=on.name,
            num_problems=len(problems),
            problems_sha256=problems_sha256(problems),
        )

    def _stored(self, folder: Path) -> ScoreFile | None:
        """The score that is there, if this version made it under this protocol with this judge."""
        path = folder / SCORE
        if not path.exists():
            return None
        score = read_score(path)
        if score.protocol != self.protocol or score.packages.get("vlm-synergy") != __version__:
            return None
        if self.judge is None:
            return score  # a judged one says what rules alone say, too
        wanted = (self.judge.config, self.judge.endpoint.model, prompt_hash())
        is_same = score.judge and (score.judge.config, score.judge.served_as, score.judge.prompt_sha256) == wanted
        return score if is_same else None

    def _sample(
        self, on: EvaluationSet, folder: Path, request: Request, shards: Shards, watcher: Watcher
    ) -> list[Response]:
        missing = shards.missing
        if missing:
            answerer = self.answerer()  # before the folder is made: nothing may come of it
            create(folder, request)
            first = on.problems[0]
            write_prompt(folder, first.id, answerer.prompt(first))
            num_runs = self.protocol.num_runs
            num_left = sum(len(shards.ranges[number]) for number in missing) * num_runs
            on_progress = watcher.sampling(len(on.problems) * num_runs - num_left, len(on.problems) * num_runs)
            finished = tokens = 0
            for number in missing:
                shard = list(on.shown(shards.ranges[number]))
                responses = answerer.answer(shard, _shifted(on_progress, finished, tokens))
                shards.commit(number, responses)
                finished += len(responses)
                tokens += sum(each.num_tokens or 0 for each in responses)
        return shards.merge()

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


def _shifted(on_progress: OnProgress, finished: int, tokens: int) -> OnProgress:
    """Counts of one shard, told as counts of this start."""
    return lambda num_finished, num_tokens: on_progress(finished + num_finished, tokens + num_tokens)
