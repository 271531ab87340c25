"""Grading responses: extract, compare by answer kind, give a verdict. Knows nothing about rewards or models.

A response that the token limit cut off is graded as it stands: a complete answer after </think> counts,
unfinished thinking is no answer. How often the limit struck is reported beside the score, never folded into
it. Where the sampler failed there is nothing to grade: the verdict is unscored, rule "response/failed".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synergy.grading.answers import ANSWER_RULES
from synergy.grading.comparison import Comparison, Undecided
from synergy.grading.extract import extract
from synergy.grading.layout import follows_format
from synergy.grading.pool import WorkerPool, shared_pool
from synergy.prompts import PromptPreset
from synergy.records import Problem, StopReason, Verdict, VerdictStatus


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A response to grade."""

    problem: Problem
    response: str
    stop_reason: StopReason = StopReason.STOP


def grade(
    problem: Problem,
    response: str,
    *,
    preset: PromptPreset,
    stop_reason: StopReason = StopReason.STOP,
    pool: WorkerPool | None = None,
) -> Verdict:
    """The verdict on one response; many at once are faster through `grade_many`."""
    attempt = Attempt(problem=problem, response=response, stop_reason=stop_reason)
    return grade_many([attempt], preset=preset, pool=pool)[0]


def grade_many(attempts: Iterable[Attempt], *, preset: PromptPreset, pool: WorkerPool | None = None) -> list[Verdict]:
    """The verdicts on many responses, in their order.

    Most are decided here at once; the rest, each distinct question once, go to `pool` together (by default to
    the process's shared one, which starts only then). `Verdict.parts` has "format" (0 or 1) and, where
    scored, "accuracy".
    """
    drafts = [_draft(attempt, preset) for attempt in attempts]
    comparisons = _settle([draft.comparison for draft in drafts], pool)
    return [
        _verdict(comparison, draft.extracted, draft.parts)
        for draft, comparison in zip(drafts, comparisons, strict=True)
    ]


def grade_answer(problem: Problem, answer: str, *, pool: WorkerPool | None = None) -> Verdict:
    """The verdict on a bare answer; a problem's own answer scores 1 or is unscored."""
    comparison = ANSWER_RULES[problem.answer_kind].compare(problem, answer, no_answer="extract/none")
    return _verdict(_settle([comparison], pool)[0], answer, {})


@dataclass(frozen=True)
class _Draft:
    """A verdict whose comparison may still be open."""

    comparison: Comparison | Undecided
    extracted: str | None
    parts: dict[str, float]


def _draft(attempt: Attempt, preset: PromptPreset) -> _Draft:
    if attempt.stop_reason is StopReason.FAILED:
        return _Draft(Comparison(score=None, correct=False, rule="response/failed"), None, {})
    extraction = extract(attempt.response, preset)
    rule = ANSWER_RULES[attempt.problem.answer_kind]
    comparison = rule.compare(attempt.problem, extraction.answer, no_answer=extraction.rule)
    parts = {"format": float(follows_format(attempt.response, preset))}
    return _Draft(comparison, extraction.answer, parts)


def _settle(drafts: Sequence[Comparison | Undecided], pool: WorkerPool | None) -> list[Comparison]:
    """All comparisons decided, in order; a group's rollouts often agree, so each question is asked once."""
    questions = {(draft.function, draft.arguments): draft for draft in drafts if isinstance(draft, Undecided)}
    outcomes = (pool or shared_pool()).map(list(questions)) if questions else []
    answers = dict(zip(questions, outcomes, strict=True))
    return [
        draft.settle(answers[draft.function, draft.arguments]) if isinstance(draft, Undecided) else draft
        for draft in drafts
    ]


def _verdict(comparison: Comparison, extracted: str | None, parts: dict[str, float]) -> Verdict:
    if comparison.score is None:
        status = VerdictStatus.UNSCORED
    else:
        status = VerdictStatus.CORRECT if comparison.correct else VerdictStatus.WRONG
        parts = {**parts, "accuracy": comparison.score}
    return Verdict(status=status, score=comparison.score, extracted=extracted, rule=comparison.rule, parts=parts)
