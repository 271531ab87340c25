"""The format check: is a response laid out as asked? Knows nothing about whether its answer is right."""

from synergy.grading.answer_forms import find_answers
from synergy.prompts import THINK_CLOSE, THINK_OPEN, PromptPreset


def follows_format(text: str, preset: PromptPreset) -> bool:
    """True for one non-empty <think> block at the start and exactly one non-empty answer after it.

    White space is free and other words may stand around the answer; what `PromptPreset.response` writes
    passes.
    """
    text = text.strip()
    if not text.startswith(THINK_OPEN) or text.count(THINK_OPEN) != 1 or text.count(THINK_CLOSE) != 1:
        return False
    reasoning, _, conclusion = text.removeprefix(THINK_OPEN).partition(THINK_CLOSE)
    answers = find_answers(conclusion, preset)
    return bool(reasoning.strip()) and len(answers) == 1 and bool(answers[0]) and _tidy(conclusion, preset)


def _tidy(conclusion: str, preset: PromptPreset) -> bool:
    r"""No stray opening or closing of the answer's form: half a \boxed{ or a second <answer> tag."""
    if preset.answer_form == "boxed":
        return conclusion.count("\\boxed") == 1
    return conclusion.count("<answer>") == 1 and conclusion.count("</answer>") == 1
