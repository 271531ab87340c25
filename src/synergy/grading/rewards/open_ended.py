"""The open-ended part of the mixed reward: how far an answer beats its reference (2504.11468, section 4.1)."""

import logging
import math
from collections.abc import Sequence

from synergy.config.reward import OpenEndedConfig
from synergy.grading.comparison import MAX_ANSWER_CHARACTERS
from synergy.grading.scorer import ScoredText, Scorer
from synergy.records import Problem

logger = logging.getLogger(__name__)

_Key = tuple[str, str]  #: problem id, text


def open_ended_reward(score: float, reference: float, beta: float) -> float:
    """1 − exp(−β (score − reference)) where that is above 0, else 0: to equal the reference earns nothing."""
    return -math.expm1(-beta * (score - reference)) if score > reference else 0.0


class OpenEnded:
    """Values answers by a scorer; remembers what references are worth, as their texts never change."""

    def __init__(self, config: OpenEndedConfig, scorer: Scorer) -> None:
        self.config = config
        self.scorer = scorer
        self._references: dict[_Key, float] = {}

    def applies(self, problem: Problem) -> bool:
        """Whether the problem's answers are valued so."""
        return problem.answer_kind in self.config.kinds

    def rewards(self, answers: Sequence[tuple[Problem, str | None]]) -> list[float | None]:
        """In [0, 1) per answer; None where a score is missing, 0 for no answer (None) and one too long to be read."""
        readable = [(problem, text) for problem, text in answers if _is_readable(text)]
        scores = self._scores([(problem, text) for problem, text in readable if text is not None])
        references = self._reference_scores([problem for problem, _ in readable])
        found = [
            self._reward(scores.get((problem.id, text or "")), references.get(problem.id))
            if _is_readable(text)
            else 0.0
            for problem, text in answers
        ]
        missing = sum(value is None for value in found)
        if missing:
            logger.warning("%d of %d open-ended answers have no score and stay unscored", missing, len(found))
        return found

    def _reward(self, score: float | None, reference: float | None) -> float | None:
        if score is None or reference is None:
            return None
        return open_ended_reward(score, reference, self.config.beta)

    def _reference_scores(self, problems: Sequence[Problem]) -> dict[str, float]:
        """By problem id, for those that have one."""
        if self.config.reference_score is not None:
            return {problem.id: self.config.reference_score for problem in problems}
        texts = {(problem.id, _reference(problem)): problem for problem in problems}
        unknown = [
            (problem, text) for (_, text), problem in texts.items() if (problem.id, text) not in self._references
        ]
        self._references |= self._scores(unknown)
        return {key[0]: self._references[key] for key in texts if key in self._references}

    def _scores(self, texts: Sequence[tuple[Problem, str]]) -> dict[_Key, float]:
        """The scores that could be had, each distinct text asked for once: a group's answers often agree."""
        items = {(problem.id, text): ScoredText(problem=problem, text=text) for problem, text in texts}
        scores = self.scorer.score(list(items.values())) if items else []
        return {
            key: score for key, score in zip(items, scores, strict=True) if score is not None and math.isfinite(score)
        }


def _is_readable(text: str | None) -> bool:
    return text is not None and len(text) <= MAX_ANSWER_CHARACTERS


def _reference(problem: Problem) -> str:
    return problem.answer if problem.reference is None else problem.reference
