"""Yes or no, with or without a reason after it: "Yes, because …"; true and false count as yes and no."""

import re

from synergy.grading.answers.wrapping import unwrap
from synergy.grading.comparison import AnswerRule, Comparison, right, wrong
from synergy.records import AnswerKind, Problem

_LEADING = re.compile(r"(?P<word>yes|no|true|false)(?![a-z0-9])", re.IGNORECASE)
_ANY = re.compile(r"(?<![a-z0-9])(?:yes|no|true|false)(?![a-z0-9])", re.IGNORECASE)
_MEANING = {"yes": True, "true": True, "no": False, "false": False}


def _read(text: str, problem: Problem) -> bool | None:
    """What the first word says; none where a later one says the contrary."""
    text = unwrap(text)
    match = _LEADING.match(text)
    if match is None:
        return None
    meanings = {_MEANING[word.lower()] for word in _ANY.findall(text)}
    return _MEANING[match["word"].lower()] if len(meanings) == 1 else None


def _score(gold: bool, predicted: bool, problem: Problem) -> Comparison:
    return right("yes_no/match") if gold == predicted else wrong("yes_no/different")


YES_NO = AnswerRule(AnswerKind.YES_NO, _read, _score)
