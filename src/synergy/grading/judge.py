"""Asking a language model whether answers are right: side by side, cached, its cost counted.

Any OpenAI-compatible server will do. What it does not say is never held against a response: a server that does not
answer and a reply that is no verdict leave it unscored.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from synergy.config.judge import JudgeConfig
from synergy.config.sampling import EndpointConfig
from synergy.errors import InputError
from synergy.grading.judge_cache import JudgeCache, Reply
from synergy.grading.judge_prompt import JudgeCase, judge_case, judge_messages, read_reply
from synergy.http_json import JsonClient, NoAnswerError, read_key
from synergy.records import AnswerKind, Problem, StopReason, Verdict, VerdictStatus

logger = logging.getLogger(__name__)

_PATH = "chat/completions"
#: a reply on text cannot say how far a box overlaps or how many places are right
_RULES_ONLY = frozenset({AnswerKind.BOX, AnswerKind.PERMUTATION, AnswerKind.CELLS})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A response, with what the rules said of it."""

    problem: Problem
    response: str
    stop_reason: StopReason
    by_rule: Verdict


@dataclass(kw_only=True)
class JudgeCost:
    """What judging took; tokens are of all replies used, cached ones too, so that they do not depend on the cache."""

    num_calls: int = 0  #: requests that were answered now
    num_cached: int = 0  #: replies found on disk
    num_failed: int = 0  #: requests without an answer
    num_unreadable: int = 0  #: replies that are no verdict
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Judge:
    """One model on one server."""

    def __init__(self, config: JudgeConfig, endpoint: EndpointConfig, cache: JudgeCache) -> None:
        self.config = config
        self.endpoint = endpoint
        self.cache = cache
        self.cost = JudgeCost()
        self._client = JsonClient(
            url=endpoint.url,
            timeout_seconds=endpoint.timeout_seconds,
            max_retries=endpoint.max_retries,
            retry_seconds=endpoint.retry_seconds,
            api_key=read_key(endpoint.api_key_variable),
        )

    def verdicts(self, items: Sequence[Judged], on_progress: Callable[[int, int], None] | None = None) -> list[Verdict]:
        """A verdict on each response, in order; each distinct question is asked once.

        `on_progress` is told how many of the questions are answered, and of how many. Raises InputError where the
        server refuses the set-up, such as an unknown model or a wrong key, and where it answers nothing; what was
        answered by then is cached.
        """
        settled = [self._without_asking(item) for item in items]
        cases = [
            judge_case(item.problem, item.response, max_characters=self.config.max_characters)
            if verdict is None
            else None
            for item, verdict in zip(items, settled, strict=True)
        ]
        replies = self._replies(list(dict.fromkeys(case for case in cases if case is not None)), on_progress)
        return [
            verdict or (_nothing_said() if case is None else _verdict(replies[case]))
            for verdict, case in zip(settled, cases, strict=True)
        ]

    def _without_asking(self, item: Judged) -> Verdict | None:
        if item.stop_reason is StopReason.FAILED:
            return _unscored("response/failed")
        if item.problem.answer_kind in _RULES_ONLY:
            return item.by_rule
        if item.by_rule.correct and self.config.asks == "not_correct":
            return Verdict(
                status=VerdictStatus.CORRECT, score=1.0, extracted=item.by_rule.extracted, rule="judge/not-asked"
            )
        return None

    def _replies(
        self, cases: Sequence[JudgeCase], on_progress: Callable[[int, int], None] | None
    ) -> dict[JudgeCase, bool | str]:
        """By case: whether the answer is right, or the rule that says why this is not known."""
        found: dict[JudgeCase, bool | str] = {}
        with ThreadPoolExecutor(self.endpoint.concurrency, "judge") as pool:
            futures: dict[Future[tuple[Reply | None, bool]], JudgeCase] = {
                pool.submit(self._reply, case): case for case in cases
            }
            try:
                for future in as_completed(futures):
                    found[futures[future]] = self._count(*future.result())
                    self._check_answers(len(found), len(cases))
                    if on_progress is not None:
                        on_progress(len(found), len(cases))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # what waits is not started
                raise
        return found

    def _check_answers(self, num_asked: int, num: int) -> None:
        """Raise InputError where the first questions have all failed: the others would, after as long a wait each."""
        if num_asked == self.cost.num_failed and num_asked in (num, 2 * self.endpoint.concurrency):
            raise InputError(
                f"the judge at {self.endpoint.url} answered none of {num_asked} requests (the log says why); "
                "expected a server that is up: check --judge-url and run the same command again"
            )

    def _reply(self, case: JudgeCase) -> tuple[Reply | None, bool]:
        """The reply, None where there is no answer, and whether it was on disk; runs in the pool's threads."""
        asked = {
            "model": self.endpoint.model,
            "messages": judge_messages(case),
            "temperature": 0.0,
            "max_tokens": self.config.max_tokens,
        }
        cached = self.cache.get(asked)
        if cached is not None:
            return cached, True
        try:
            reply = _read(self._client.post(_PATH, asked))
        except NoAnswerError as error:
            logger.warning("the judge gave no answer: %s", error)
            return None, False
        if read_reply(reply.text) is not None:  # what is no verdict is worth asking for again
            self.cache.put(asked, reply)
        return reply, False

    def _count(self, reply: Reply | None, is_cached: bool) -> bool | str:
        if reply is None:
            self.cost.num_failed += 1
            return "judge/failed"
        self.cost.num_cached += is_cached
        self.cost.num_calls += not is_cached
        self.cost.prompt_tokens += reply.prompt_tokens
        self.cost.completion_tokens += reply.completion_tokens
        verdict = read_reply(reply.text)
        self.cost.num_unreadable += verdict is None
        return "judge/unreadable" if verdict is None else verdict


def _read(answer: dict[str, Any]) -> Reply:
    """The first choice of an answer; raises NoAnswerError where it has none."""
    try:
        text = answer["choices"][0]["message"].get("content") or ""
    except (KeyError, IndexError, TypeError, AttributeError):
        raise NoAnswerError(f"the answer holds no choices: {str(answer)[:200]}") from None
    usage = answer.get("usage") or {}
    return Reply(
        text=str(text),
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
    )


def _verdict(reply: bool | str) -> Verdict:
    if isinstance(reply, str):
        return _unscored(reply)
    status = VerdictStatus.CORRECT if reply else VerdictStatus.WRONG
    return Verdict(status=status, score=float(reply), extracted=None, rule=f"judge/{status}")


def _unscored(rule: str) -> Verdict:
    return Verdict(status=VerdictStatus.UNSCORED, score=None, extracted=None, rule=rule)


def _nothing_said() -> Verdict:
    """There is nothing after the thinking, or the thinking never ends: no answer, and none to ask about."""
    return Verdict(status=VerdictStatus.WRONG, score=0.0, extracted=None, rule="extract/none")
