r"""Reading the answer out of a response; knows nothing about whether it is right.

The answer is looked for after the last </think>, in the form of the preset alone: under a boxed preset an
<answer> tag does not count, and the reverse (2507.07562 asks for \boxed{}, 2504.11468 for <answer>).

**Several different answers are none.** The published habit is to take the last box, which pays a model for
listing guesses with the likeliest at the end. Here a response must commit itself: the same answer may be
repeated, two different ones after </think> are the rule "extract/ambiguous" and earn what an honest wrong
answer earns, nothing. Drafts belong inside the thinking, where boxes and tags are not looked at.
"""

from dataclasses import dataclass

from synergy.grading.answer_forms import find_answers
from synergy.prompts import THINK_CLOSE, THINK_OPEN, PromptPreset


@dataclass(frozen=True)
class Extraction:
    """The answer read from a response, or None with the rule that says why there is none."""

    answer: str | None
    rule: str


def extract(text: str, preset: PromptPreset) -> Extraction:
    """The one answer a response commits itself to."""
    conclusion = after_thinking(text)
    if conclusion is None:
        return Extraction(None, "extract/unfinished-thinking")
    answers = [answer for answer in find_answers(conclusion, preset) if answer]
    if not answers:
        return Extraction(None, "extract/none")
    if len({"".join(answer.split()) for answer in answers}) > 1:
        return Extraction(None, "extract/ambiguous")
    return Extraction(answers[-1], f"extract/{preset.answer_form}")


def after_thinking(text: str) -> str | None:
    """What follows the last </think>, the whole text where there is none, None where thinking never ended."""
    conclusion = text[text.rfind(THINK_CLOSE) + len(THINK_CLOSE) :] if THINK_CLOSE in text else text
    return None if THINK_OPEN in conclusion else conclusion
