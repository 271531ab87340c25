"""How far a guesser gets that never sees a picture: the image must be needed.

Two guessers are fitted on training questions, answers and nothing else: the best constant answer for each wording
(names, numbers and options masked), and naive Bayes over the question's words and word pairs. The stronger counts.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from synergy.grading import grade_answer
from synergy.pocket.families import get_family
from synergy.pocket.scenes import COLOURS, SHAPES
from synergy.pocket.world import items
from synergy.records import AnswerKind, Problem

LIMITS = {AnswerKind.OPTION: 0.35}  #: highest share that a guesser may reach, by answer kind
DEFAULT_LIMIT = 0.20
_POSITIONAL = (AnswerKind.PERMUTATION, AnswerKind.CELLS)  #: answers of parts, scored by the share that is right
_MASKED = re.compile(rf"\b(?:{'|'.join(COLOURS)}|(?:{'|'.join(SHAPES)})s?|\d|row|column)\b")
_NUM_CONSTANTS, _NUM_FITTED, _MIN_GROUP = 25, 150, 30


@dataclass(frozen=True)
class BlindScore:
    """A family's blind baseline."""

    family: str
    guesser: str  #: the stronger of the two
    score: float  #: mean score over the evaluation questions (correct or not; share right where that is the score)
    limit: float

    @property
    def passes(self) -> bool:
        """Whether the picture is needed as much as promised."""
        return self.score <= self.limit


@dataclass(frozen=True)
class _Question:
    problem: Problem
    wording: str

    def score(self, answer: str) -> float:
        verdict = grade_answer(self.problem, answer)
        share = self.problem.answer_kind in _POSITIONAL
        return (verdict.score or 0.0) if share else float(verdict.correct)

    def words(self) -> list[str]:
        """Words and word pairs, each option bound to its letter."""
        text = re.sub(r"\(([A-D])\) ([a-z]+)", r"\1_\2", self.problem.question)
        words = re.findall(r"[\w-]+", text.lower())
        return words + [f"{a} {b}" for a, b in pairwise(words)]


def blind_score(family: str, num_train: int = 2000, num_evaluation: int = 600, seed: int = 0) -> BlindScore:
    """The blind baseline of a family, its guessers fitted on `num_train` training questions."""
    train = _questions("train", family, num_train, seed)
    evaluation = _questions("evaluation", family, num_evaluation, seed)
    kind = get_family(family).kind
    guessers = {"best constant": _constant_guesser(train)}
    if kind not in _POSITIONAL and kind is not AnswerKind.BOX:
        guessers["naive Bayes"] = _bayes_guesser(train)
    scores = {
        name: sum(question.score(guess(question)) for question in evaluation) / len(evaluation)
        for name, guess in guessers.items()
    }
    best = max(scores, key=scores.__getitem__)
    return BlindScore(family, best, scores[best], LIMITS.get(kind, DEFAULT_LIMIT))


def _questions(split: str, family: str, num: int, seed: int) -> list[_Question]:
    questions = []
    for item in items(split, num, families=[family], seed=seed):
        problem = item.text_problem()
        questions.append(_Question(problem, _MASKED.sub("_", problem.question)))
    return questions


def _constant_guesser(train: Sequence[_Question]) -> Callable[[_Question], str]:
    """The answer with the best mean training score, for each wording that occurs often enough and overall."""
    groups: dict[str, list[_Question]] = defaultdict(list)
    for question in train:
        groups[question.wording].append(question)
    fallback = _best_constant(train)
    constants = {wording: _best_constant(group) for wording, group in groups.items() if len(group) >= _MIN_GROUP}
    return lambda question: constants.get(question.wording, fallback)


def _best_constant(group: Sequence[_Question]) -> str:
    candidates = [text for text, _ in Counter(q.problem.answer for q in group).most_common(_NUM_CONSTANTS)]
    if group[0].problem.answer_kind in _POSITIONAL:
        candidates.append(_likeliest_by_position(group))
    sample = group[:_NUM_FITTED]
    return max(candidates, key=lambda answer: sum(question.score(answer) for question in sample))


def _likeliest_by_position(group: Sequence[_Question]) -> str:
    """The answer composed of the most common part at each position, of the most common length."""
    answers = [re.split(r"(?<=[,;]) ", question.problem.answer) for question in group]
    ((length, _),) = Counter(len(parts) for parts in answers).most_common(1)
    columns = zip(*(parts for parts in answers if len(parts) == length), strict=True)
    return " ".join(Counter(column).most_common(1)[0][0] for column in columns)


def _bayes_guesser(train: Sequence[_Question]) -> Callable[[_Question], str]:
    """Multinomial naive Bayes with add-one smoothing over the answers seen in training."""
    priors = Counter(question.problem.answer for question in train)
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for question in train:
        words[question.problem.answer].update(question.words())
    vocabulary = len({word for counts in words.values() for word in counts})
    totals = {answer: sum(counts.values()) for answer, counts in words.items()}

    def guess(question: _Question) -> str:
        seen = question.words()
        return max(
            priors,
            key=lambda answer: (
                math.log(priors[answer])
                + sum(math.log((words[answer][word] + 1) / (totals[answer] + vocabulary)) for word in seen)
            ),
        )

    return guess
