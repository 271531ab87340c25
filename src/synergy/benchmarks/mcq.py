"""VLMEvalKit's rule for which option a response names.

Rule: `can_infer` of vlmeval/utils/matching_util.py. First a lone letter among the response's last four words, then the
only option whose text stands in the response, unless that is more than twice as long as all options together. With
the judge "exact_matching" a response that names none is wrong; with any other, upstream asks an LLM, which is left
out here. Upstream also knows the letter Z, "none of these", and reads refusals as Z: both are simply wrong.
"""

from collections.abc import Sequence
from string import ascii_uppercase

from synergy.benchmarks.verdicts import official_verdict
from synergy.records import Problem, Verdict

_PUNCTUATION = str.maketrans(".()[],:;!*#{}", " " * 13)
_LAST_WORDS = 4
_REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
    "Failed to obtain answer via API",
)


def infer_option(response: str, choices: Sequence[str]) -> tuple[str | None, str]:
    """The letter that a response names and how it was found: "letter", "text" or "none"."""
    if any(refusal in response for refusal in _REFUSALS):
        return None, "none"
    letters = ascii_uppercase[: len(choices)]
    words = response.translate(_PUNCTUATION).split()
    named = [letter for letter in letters if letter in words]
    if len(named) == 1 and words.index(named[0]) >= len(words) - _LAST_WORDS:
        return named[0], "letter"
    if len(response) > 2 * sum(map(len, choices)):
        return None, "none"
    lowered = response.lower()
    shown = [letter for letter, choice in zip(letters, choices, strict=False) if choice.lower() in lowered]
    return (shown[0], "text") if len(shown) == 1 else (None, "none")


def official_option(problem: Problem, response: str) -> Verdict:
    """VLMEvalKit's verdict with the judge "exact_matching"; a response that names no option is wrong."""
    letter, rule = infer_option(response.strip(), problem.choices)
    return official_verdict(f"vlmevalkit/{rule}", correct=letter == problem.answer, extracted=letter)
