"""Majority votes over answers; what makes two answers the same is the caller's to say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Vote:
    """The outcome of a vote."""

    winner: int | None  #: position of the first vote for the winning answer; None where nobody voted
    num_votes: int  #: for the winning answer
    is_tied: bool  #: whether another answer had as many votes; the one that was given first then wins


def majority(answers: Sequence[Answer | None], same: Callable[[Answer, Answer], bool]) -> Vote:
    """The most frequent of some answers, as self-consistency has it (Wang et al. 2022, 2203.11171).

    None does not vote. An answer goes to the first earlier answer that `same(earlier, answer)` says it equals, so that
    the outcome is a function of the order even where `same` is not transitive. Ties: the answer given first (ours).
    """
    votes: dict[int, int] = {}
    for position, answer in enumerate(answers):
        if answer is None:
            continue
        found = next((first for first in votes if _is_same(answers[first], answer, same)), position)
        votes[found] = votes.get(found, 0) + 1
    if not votes:
        return Vote(winner=None, num_votes=0, is_tied=False)
    most = max(votes.values())
    leaders = [first for first, num in votes.items() if num == most]
    return Vote(winner=leaders[0], num_votes=most, is_tied=len(leaders) > 1)


def _is_same(earlier: Answer | None, answer: Answer, same: Callable[[Answer, Answer], bool]) -> bool:
    return earlier is not None and same(earlier, answer)
