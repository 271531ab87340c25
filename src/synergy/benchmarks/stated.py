r"""The answer that a response states outright: what stands in here for an LLM that upstream asks to extract it.

Looked for after the last </think>, in this order: between the last <answer> tags, in the last \boxed{}, after the last
"answer is" or "Answer:" to the end of its line. Ours, not any benchmark's; verdicts name it as their extractor.
"""

import re
from dataclasses import dataclass

from synergy.grading.answer_forms import find_answers
from synergy.grading.extract import after_thinking
from synergy.prompts import ANSWER_TAGS, BOXED

_PHRASE = re.compile(r"(?i:answer(?:\s+is|\s*:))[*\s:]*(?P<answer>[^\n]+)")
_MAX_CHARACTERS = 1_000  # a longer one is no answer


@dataclass(frozen=True)
class Stated:
    """An answer with the form it stood in."""

    answer: str
    extractor: str  #: "stated/tags", "stated/boxed" or "stated/phrase"


def stated_answer(response: str) -> Stated | None:
    """The answer that the response states, None where it states none or its thinking never ended."""
    conclusion = after_thinking(response)
    if conclusion is None:
        return None
    for preset in (ANSWER_TAGS, BOXED):
        found = [answer for answer in find_answers(conclusion, preset) if answer]
        if found:
            return _stated(found[-1], preset.answer_form)
    phrases = _PHRASE.findall(conclusion)
    return _stated(phrases[-1].strip().strip("*").rstrip(".").strip("*"), "phrase") if phrases else None


def all_boxed(response: str) -> list[str]:
    r"""The contents of all complete \boxed{} of the whole response that hold anything, in order."""
    return [answer for answer in find_answers(response, BOXED) if answer]


def last_boxed(response: str) -> str | None:
    r"""The contents of the last complete \boxed{} of the whole response, None where there is none."""
    found = all_boxed(response)
    return found[-1] if found else None


def _stated(answer: str, form: str) -> Stated | None:
    return Stated(answer, f"stated/{form}") if answer and len(answer) <= _MAX_CHARACTERS else None
