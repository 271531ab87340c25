"""Responses to all problems of a set, shard by shard, whatever they are for; run again after a kill, it goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from synergy.evaluation.answerer import Answerer, OnProgress
from synergy.evaluation.evaluation_set import EvaluationSet, problems_sha256
from synergy.evaluation.pictures import Pictures
from synergy.evaluation.problems_file import PROBLEMS, write_problems
from synergy.evaluation.request import Asked, Request, check, create, write_prompt
from synergy.evaluation.responses import Response
from synergy.evaluation.shards import Shards


class Watcher(Protocol):
    """Is told how an evaluation goes on."""

    def sampling(self, num_before: int, num_responses: int) -> OnProgress:
        """Sampling begins: so many responses are there of so many; returns what is told of those under way."""
        ...

    def stage(self, name: str, num_done: int, num: int) -> None:
        """So much of a later stage is done."""
        ...


class Gathering:
    """The responses that one folder holds or will hold."""

    def __init__(
        self,
        asked: Asked,
        answerer: Callable[[], Answerer],
        on: EvaluationSet,
        folder: Path,
        *,
        keeps_pictures: bool = False,
        retry_failed: bool = False,
    ) -> None:
        """`answerer` makes it when the first response is missing; `keeps_pictures` writes images/ beside.

        Raises InputError where the folder holds what was asked for otherwise.
        """
        self.on, self.folder = on, folder
        self.problems = on.texts()
        self._asked, self._answerer, self._keeps_pictures = asked, answerer, keeps_pictures
        self._request = Request(
            kind="evaluation_request",
            asked=asked,
            benchmark=on.name,
            num_problems=len(self.problems),
            problems_sha256=problems_sha256(self.problems),
        )
        check(folder, self._request)
        self._shards = Shards(folder, num_problems=len(self.problems), problems_per_shard=asked.problems_per_shard)
        num_dropped = self._shards.drop_failed() if retry_failed else 0
        self.was_complete = not self._shards.missing and not num_dropped

    def responses(self, watcher: Watcher) -> list[Response]:
        """All of them by problem and run, sampled where they are missing; raises what the answerer raises."""
        pictures = Pictures(self.folder, self._shards) if self._keeps_pictures else None
        has_problems = (self.folder / PROBLEMS).exists()
        if self._shards.missing:
            self._sample(watcher, None if has_problems else pictures)
        if not has_problems:
            write_problems(self.folder, self.problems, pictures.names(self.on) if pictures else {})
        return self._shards.merge()

    def _sample(self, watcher: Watcher, pictures: Pictures | None) -> None:
        missing, num_runs = self._shards.missing, self._asked.num_runs
        answerer = self._answerer()  # before the folder is made: nothing may come of it
        create(self.folder, self._request)
        first = self.on.problems[0]
        write_prompt(self.folder, first.id, answerer.prompt(first))
        num = len(self.problems) * num_runs
        num_left = sum(len(self._shards.ranges[number]) for number in missing) * num_runs
        on_progress = watcher.sampling(num - num_left, num)
        finished = tokens = 0
        for number in missing:
            shard = list(self.on.shown(self._shards.ranges[number]))
            if pictures is not None:
                pictures.keep(number, shard)
            responses = answerer.answer(shard, _shifted(on_progress, finished, tokens))
            self._shards.commit(number, responses)
            finished += len(responses)
            tokens += sum(each.num_tokens or 0 for each in responses)


def _shifted(on_progress: OnProgress, finished: int, tokens: int) -> OnProgress:
    """Counts of one shard, told as counts of this start."""
    return lambda num_finished, num_tokens: on_progress(finished + num_finished, tokens + num_tokens)
