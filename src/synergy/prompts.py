"""Named prompt presets: how a question is put, how a response is laid out, where its answer stands.

Every arm, reward and evaluation refers to a preset by name, so that a study which mixes two has to say so.
"""

from dataclasses import dataclass
from typing import Literal

from synergy.errors import unknown_name

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"


@dataclass(frozen=True, kw_only=True)
class PromptPreset:
    """One way of asking; `question` goes to the user turn with `instruction` after it."""

    name: str
    source: str  #: where the wording comes from
    system: str | None  #: the system turn, None for none
    instruction: str | None  #: appended to the question in the user turn, after a space
    answer_form: Literal["boxed", "tags"]  #: the answer stands in \\boxed{} or between <answer> tags

    def user_text(self, question: str) -> str:
        """The user turn's text, images apart."""
        return f"{question} {self.instruction}" if self.instruction else question

    def response(self, trace: str, answer: str) -> str:
        """A complete well-formed response: what SFT trains on and the format check accepts."""
        shown = f"\\boxed{{{answer}}}" if self.answer_form == "boxed" else f"<answer> {answer} </answer>"
        return f"{THINK_OPEN} {trace}{THINK_CLOSE} {shown}"


BOXED = PromptPreset(
    name="boxed",
    source="2507.07562, section 2.1, verbatim",
    system=None,
    instruction="Please reason step by step within <think> </think> tags, and put your final answer within \\boxed{}.",
    answer_form="boxed",
)

ANSWER_TAGS = PromptPreset(
    name="answer_tags",
    source="2504.11468, figure 12: the same demand in our own words (the study's text is not reproduced here)",
    system="First think within <think> </think> tags, then give the final answer within <answer> </answer> tags.",
    instruction=None,
    answer_form="tags",
)

PRESETS = {preset.name: preset for preset in (BOXED, ANSWER_TAGS)}


def get_preset(name: str) -> PromptPreset:
    """The preset of that name; raises InputError naming the nearest one."""
    if name not in PRESETS:
        raise unknown_name("prompt preset", name, PRESETS)
    return PRESETS[name]
