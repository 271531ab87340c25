"""Option letters: one of the problem's choices, named by its letter, its text, or both when they agree.

"B", "b", "(B)", "B.", "option B", "B) blue" and "blue" name the same choice. A letter with another choice's text,
several letters, or a text that two choices share name none: whoever lists every option has not answered.
"""

import re
from string import ascii_uppercase

from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, right, wrong
from synergy.records import AnswerKind, Problem

_LETTER = re.compile(r"(?:(?i:option|choice|answer)\s*:?\s*)?\(?(?P<letter>[A-Za-z])\)?[.):]?")
_LETTER_AND_TEXT = re.compile(r"\(?(?P<letter>[A-Z])(?:\)|\.|:|\s)\s*(?P<text>.+)", re.DOTALL)


def _read(text: str, problem: Problem) -> int | None:
    """The index of the choice named. A lone letter is a label even where a choice's text is a letter."""
    answer = unwrap(text)
    if match := _LETTER.fullmatch(answer):
        return _index(match["letter"].upper(), problem)
    texts = [_plain(choice) for choice in problem.choices]
    if texts.count(_plain(answer)) == 1:
        return texts.index(_plain(answer))
    match = _LETTER_AND_TEXT.fullmatch(answer)
    index = _index(match["letter"], problem) if match else None
    return index if match and index is not None and texts[index] == _plain(match["text"]) else None


def _index(letter: str, problem: Problem) -> int | None:
    index = ascii_uppercase.index(letter)
    return index if index < len(problem.choices) else None


def _plain(text: str) -> str:
    return " ".join(unwrap(text).split()).casefold()


def _score(gold: int, predicted: int, problem: Problem) -> Comparison:
    return right("option/match") if gold == predicted else wrong("option/different")


OPTION = AnswerRule(AnswerKind.OPTION, _read, _score)
