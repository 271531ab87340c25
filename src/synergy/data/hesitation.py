"""Worked answers without their hesitant steps: second looks, and slips that are noticed and mended.

2504.11468 blames "hesitant" steps of expert traces and removes none; 2503.17352 cuts a trace off at its first "Wait",
which loses answers that come after it. Ours, so that all problems keep a trace that reaches its answer:
- a *withdrawal* (a sentence that begins with Wait, Hmm, No …) goes with the statement before it, the one withdrawn;
  what replaces it stays;
- a *second look* (a sentence that begins with Let me check, Let me verify, Alternatively …) goes with all up to the
  sentence that says it agrees, or else up to the one that concludes; a trace with neither is left as it is.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from synergy.data.examples import Example, Examples

_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")
_WITHDRAWS = re.compile(r"(?:but )?(?:wait|hmm+|no[,:.!]|actually|hold on|oops)", re.IGNORECASE)
#: how what replaces a withdrawn statement is led in
_LEAD = re.compile(
    r"(?:it should be|correct is|the correct (?:one|value|answer) is|no[:,]|rather[:,]?|i mean)\s*", re.IGNORECASE
)
_LOOKS_AGAIN = re.compile(
    r"(?:so |now |but )?(?:let me (?:check|verify|double-check|re-?check)|let's (?:check|verify)|alternatively\b|"
    r"double-check|to (?:check|verify)\b|i should (?:check|confirm)|checking\b|verifying\b)",
    re.IGNORECASE,
)
_AGREES = re.compile(
    r"\b(?:agrees?|fits?|match(?:es)?|consistent|confirm(?:s|ed)?|(?:is|was) (?:right|correct))\b", re.IGNORECASE
)
_CONCLUDES = re.compile(r"(?:so|therefore|thus|hence|the (?:final )?answer)\b", re.IGNORECASE)


def without_hesitation(trace: str) -> str:
    """The trace without withdrawals and second looks; one without any comes back as it is."""
    sentences = _SENTENCES.split(trace)
    kept: list[str] = []
    index, changed = 0, False
    while index < len(sentences):
        sentence = sentences[index]
        if _LOOKS_AGAIN.match(sentence) and (stop := _end_of_look(sentences, index)) is not None:
            index, changed = stop, True
        elif _WITHDRAWS.match(sentence) and kept and index + 1 < len(sentences):
            kept, index = _withdrawn(kept), index + 1
            sentences[index] = _LEAD.sub("", sentences[index], count=1)
            changed = True
        else:
            kept.append(sentence)
            index += 1
    return " ".join(part for part in kept if part) if changed else trace


class WithoutHesitation:
    """A data set whose demonstrations have lost their hesitant steps."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples
        self.ids: Sequence[str] = examples.ids
        self.has_demonstrations = examples.has_demonstrations

    def __len__(self) -> int:
        """How many examples."""
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:
        """The example with shortened demonstrations, whose author says so."""
        example = self._examples[index]
        shortened = tuple(
            replace(each, trace=without_hesitation(each.trace), author=f"{each.author}, without hesitation")
            for each in example.demonstrations
        )
        return replace(example, demonstrations=shortened)


def _end_of_look(sentences: Sequence[str], start: int) -> int | None:
    """The first sentence behind a second look; None where nothing says that it is over."""
    for index in range(start, len(sentences)):
        if index > start and _CONCLUDES.match(sentences[index]):
            return index
        if _AGREES.search(sentences[index]):
            return index + 1
    return None


def _withdrawn(kept: Sequence[str]) -> list[str]:
    """Without the last statement: of a sentence of several (a; b), the last one."""
    *others, last = kept
    before, divider, _ = last.rpartition("; ")
    return [*others, f"{before};"] if divider else list(others)
