"""What an open-ended answer is valued by: a number per text, larger is better, on a scale of the scorer's own.

Back-ends: `scorers_exact`, `scorers_http`, and with torch `synergy.models.scorers` and `scorer_internlm`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from synergy.records import Problem


@dataclass(frozen=True, kw_only=True)
class ScoredText:
    """An answer to be valued."""

    problem: Problem  #: whose question and images the text answers
    text: str  #: the answer alone, without thinking and tags


@runtime_checkable
class Scorer(Protocol):
    """Values answers."""

    def score(self, items: Sequence[ScoredText]) -> list[float | None]:
        """A score per item, in order; None where none could be had, which is not a low score.

        Raises InputError where the set-up is wrong.
        """
        ...
