"""Grading responses: extract, compare by answer kind, give a verdict. Knows nothing about rewards or models.

A response that the token limit cut off is graded as it stands: a complete answer after </think> counts,
unfinished thinking is no answer. How often the limit struck is reported beside the score, never folded into
it. Where the sampler failed there is nothing to grade: the verdict is unscored, rule "response/failed".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synergy.grading.answers import ANSWER_RULES
from synergy.grading.comparison import Comparison, Undecided, unscored
from synergy.grading.extract import Extraction, extract
from synergy.grading.free_extract import extract_freely
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
    preset: PromptPreset | None,
    stop_reason: StopReason = StopReason.STOP,
    pool: WorkerPool | None = None,
) -> Verdict:
    """The verdict on one response, as `grade_many` has it; many at once are faster there."""
    attempt = Attempt(problem=problem, response=response, stop_reason=stop_reason)
    return grade_many([attempt], preset=preset, pool=pool)[0]


def grade_many(
    attempts: Iterable[Attempt], *, preset: PromptPreset | None, pool: WorkerPool | None = None
) -> list[Verdict]:
    """The verdicts on many responses, in their order.

    Under a preset the answer counts only in the form that it asks for; with None it is looked for in every known dress
    (`free_extract`) and there is no format to follow.
    Most are decided here at once; the rest, each distinct question once, go to `pool` together (by default to
    the process's shared one, which starts only then). `Verdict.parts` has "format" (0 or 1) and, where
    scored, "accuracy".
    """
    drafts = [_draft(attempt, preset) for attempt in attempts]
    comparisons = _settle([draft.comparison for draft in drafts], pool)
    return [
        _verdict(comparison, draft.extraction, draft.parts)
        for draft, comparison in zip(drafts, comparisons, strict=True)
    ]


def grade_answer(problem: Problem, answer: str, *, pool: WorkerPool | None = None) -> Verdict:
    """The verdict on a bare answer; a problem's own answer scores 1 or is unscored."""
    comparison = ANSWER_RULES[problem.answer_kind].compare(problem, answer, no_answer="extract/none")
    return _verdict(_settle([comparison], pool)[0], Extraction(answer, ""), {})


@dataclass(frozen=True)
class _Draft:
    """A verdict whose comparison may still be open."""

    comparison: Comparison | Undecided
    extraction: Extraction
    parts: dict[str, float]


def _draft(attempt: Attempt, preset: PromptPreset | None) -> _Draft:
    if attempt.stop_reason is StopReason.FAILED:
        return _Draft(unscored("response/failed"), Extraction(None, ""), {})
    problem, response = attempt.problem, attempt.response
    extraction = extract(response, preset) if preset else extract_freely(response, problem)
    comparison = ANSWER_RULES[problem.answer_kind].compare(problem, extraction.answer, no_answer=extraction.rule)
    parts = {"format": float(follows_format(response, preset))} if preset else {}
    return _Draft(comparison, extraction, parts)


def _settle(drafts: Sequence[Comparison | Undecided], pool: WorkerPool | None) -> list[Comparison]:
    """All comparisons decided, in order; a group's rollouts often agree, so each question is asked once."""
    questions = {(draft.function, draft.arguments): draft for draft in drafts if isinstance(draft, Undecided)}
    outcomes = (pool or shared_pool()).map(list(questions)) if questions else []
    answers = dict(zip(questions, outcomes, strict=True))
    return [
        draft.settle(answers[draft.function, draft.arguments]) if isinstance(draft, Undecided) else draft
        for draft in drafts
    ]


def _verdict(comparison: Comparison, extraction: Extraction, parts: dict[str, float]) -> Verdict:
    if comparison.score is None:
        status = VerdictStatus.UNSCORED
    else:
        status = VerdictStatus.CORRECT if comparison.correct else VerdictStatus.WRONG
        parts = {**parts, "accuracy": comparison.score}
    return Verdict(
        status=status,
        score=comparison.score,
        extracted=extraction.answer,
        rule=comparison.rule,
        parts=parts,
        extractor=extraction.rule,
        correct_leniently=comparison.correct_leniently,
    )
