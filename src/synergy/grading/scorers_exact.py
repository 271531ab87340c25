"""The exact scorer: how much of an answer is true by the gold one; in the pocket's captions every cell is a statement.

It is what makes the open-ended part of the mixed reward work in full without a reward model.
"""

from collections.abc import Sequence

from synergy.grading.grade import grade_answer
from synergy.grading.scorer import ScoredText


class ExactScorer:
    """A `Scorer`: `scale` times the score by the answer kind's own rule, in [0, scale]; None by a bad gold answer."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def score(self, items: Sequence[ScoredText]) -> list[float | None]:
        """As `Scorer.score`."""
        shares = [grade_answer(item.problem, item.text).score for item in items]
        return [None if share is None else self.scale * share for share in shares]
