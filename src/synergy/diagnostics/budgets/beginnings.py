"""The beginnings that force a budget: thinking cut off with the answer opened, or its end taken back.

*Shorter*: the first so many tokens of a response's own thinking, then the end of thinking and the opening of the
answer, so that the model has to answer now. *Longer*: where the model ended its thinking, that end and what followed
go, and a word that goes on stands there instead ("Wait", as 2501.19393 has it). Both are given tokens of a new
response, which the model writes on. Texts are tokenised again, which may divide a word unlike the sampled tokens did.
"""

from typing import Any

from synergy.prompts import THINK_CLOSE, THINK_OPEN, PromptPreset

GOES_ON = " Wait,"  #: stands where thinking ended; the word is 2501.19393's, the comma ours
_ANSWER_OPENS = {"boxed": "\\boxed{", "tags": "<answer>"}


class Beginnings:
    """Of one model's responses under one preset; the tokenizer is a Hugging Face one."""

    def __init__(self, tokenizer: Any, preset: PromptPreset) -> None:
        self._tokenizer = tokenizer
        self._opening = self._ids(THINK_OPEN)
        self._closing = self._ids(f"{THINK_CLOSE} {_ANSWER_OPENS[preset.answer_form]}")

    def num_thinking_tokens(self, text: str) -> int:
        """Tokens between the opening of thinking and its end, or the text's where it never ends."""
        return len(self._thinking(text))

    def cut(self, text: str, num_tokens: int) -> list[int] | None:
        """So many tokens of the thinking, its end, and an opened answer; None where it is no longer than that."""
        thinking = self._thinking(text)
        return [*self._opening, *thinking[:num_tokens], *self._closing] if len(thinking) > num_tokens else None

    def longer(self, text: str) -> list[int] | None:
        """The whole thinking with a word that goes on in the place of its end; None where it never ended."""
        if THINK_CLOSE not in text:
            return None
        return [*self._opening, *self._ids(f"{_thought(text).rstrip()}{GOES_ON}")]

    def _thinking(self, text: str) -> list[int]:
        return self._ids(_thought(text))

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def _thought(text: str) -> str:
    return text.strip().removeprefix(THINK_OPEN).partition(THINK_CLOSE)[0]
