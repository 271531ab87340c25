"""maj@k: what the majority of a problem's responses answers, answers being the same where grading says so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synergy.evaluation.verdicts import GradedResponse
from synergy.grading.answers import ANSWER_RULES
from synergy.grading.comparison import Undecided
from synergy.records import Problem, Verdict
from synergy.statistics.majority import Vote, majority


@dataclass(frozen=True, kw_only=True)
class Elected:
    """A problem's vote and what became of it."""

    vote: Vote
    is_correct: bool  #: the verdict on the winning answer's first response; False where nobody voted


def elect(attempts: Sequence[GradedResponse], rule: str) -> Elected:
    """The vote of one problem's responses by the answers that `rule` read; those without an answer do not vote."""
    verdicts = [attempt.verdicts[rule] for attempt in attempts]
    problem = attempts[0].problem
    voters = [None if verdict.extracted is None else verdict for verdict in verdicts]
    vote = majority(voters, lambda earlier, later: _same(problem, earlier, later))
    return Elected(vote=vote, is_correct=vote.winner is not None and verdicts[vote.winner].correct)


def _same(problem: Problem, earlier: Verdict, later: Verdict) -> bool:
    """Whether two answers are one; what only the worker pool could decide is two, unless it is the same text."""
    if earlier.correct or later.correct:
        return earlier.correct and later.correct
    ours, theirs = (" ".join((verdict.extracted or "").split()) for verdict in (earlier, later))
    if ours == theirs:
        return True
    comparison = ANSWER_RULES[problem.answer_kind].compare(replace(problem, answer=ours), theirs, no_answer="vote/none")
    return not isinstance(comparison, Undecided) and comparison.correct
