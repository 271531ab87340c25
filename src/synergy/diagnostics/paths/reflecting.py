"""Where a response reflects, and what comes of it: its stated result before and after, against the gold answer.

The cues are those of 2504.11468 (appendix A.2), as whole words. What a reflection is, the study does not say. Ours: it
begins with a step that holds a cue (steps with cues on end are one) and reaches to the first step that settles it
("This agrees"), but not to the next reflection. Its result is the last one stated there; where nothing settles it, the
first one stated by it or by the `REACH` steps behind it. What it is compared with is the last result before it that is
about the same, by the words in front of it ("red objects: 3"), else the last one of all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from synergy.diagnostics.paths.stated import comparable, is_right, is_same_subject, same, stated, subject
from synergy.diagnostics.paths.thinking import Step, steps
from synergy.statistics.cues import cues_as_words

REACH = 2  #: further steps in which an unsettled reflection may state its result

#: "same" is an empty reflection; "other": one wrong result for another; "unstated": nothing to compare
Effect = Literal["wrong to right", "right to wrong", "other", "same", "unstated"]

_SETTLED = re.compile(
    r"\b(?:agrees?|fits?|match(?:es)?|consistent|confirm(?:s|ed)?|(?:is|was|seems|looks) (?:right|correct|fine))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Reflection:
    """One reflection of a response."""

    start: int  #: in characters of the response
    end: int
    before: str | None  #: the result stated last before it, of the same subject where there is one
    after: str | None  #: its own
    effect: Effect


def reflections(text: str, gold: str, answer_kind: str) -> list[Reflection]:
    """All reflections of a response, in order."""
    found = steps(text)
    starts = _starts(found)
    return [
        _reflection(found, start, stop, gold, answer_kind)
        for start, stop in zip(starts, [*starts, len(found)][1:], strict=True)
    ]


def settles(step: str) -> bool:
    """Whether a step says that something agrees."""
    return _SETTLED.search(step) is not None


def _starts(found: Sequence[Step]) -> list[int]:
    """The first step of each reflection: of steps with cues on end the first."""
    has_cue = [bool(cues_as_words(step.text)) for step in found]
    return [index for index, has in enumerate(has_cue) if has and not (index and has_cue[index - 1])]


def _reflection(found: Sequence[Step], start: int, stop: int, gold: str, answer_kind: str) -> Reflection:
    settled = next((index for index in range(start, stop) if settles(found[index].text)), None)
    if settled is not None:
        stating = [index for index in range(start, settled + 1) if stated(found[index].text) is not None]
        at, last = (stating[-1] if stating else None), settled
    else:
        num_cues = next((n for n in range(1, stop - start) if not cues_as_words(found[start + n].text)), stop - start)
        inside = range(start, min(stop, start + num_cues + REACH))
        at = next((index for index in inside if stated(found[index].text) is not None), None)
        last = start if at is None else at
    after = None if at is None else stated(found[at].text)
    before = _before(found[:start], () if at is None else subject(found[at].text))
    return Reflection(
        start=found[start].start,
        end=found[last].end,
        before=before,
        after=after,
        effect=_effect(before, after, settled is not None, gold, answer_kind),
    )


def _before(found: Sequence[Step], about: tuple[str, ...]) -> str | None:
    """The last result of the same subject, else the last result."""
    results = [(subject(step.text), result) for step in found if (result := stated(step.text)) is not None]
    of_same = [result for of, result in results if is_same_subject(of, about)]
    return of_same[-1] if of_same else results[-1][1] if results else None


def _effect(before: str | None, after: str | None, is_settled: bool, gold: str, answer_kind: str) -> Effect:
    if before is None or after is None:
        # what agrees and states nothing has left the result as it was
        return "same" if before is not None and is_settled else "unstated"
    if same(before, after):
        return "same"
    if not comparable(before, after):
        return "unstated"
    was, became = is_right(before, gold, answer_kind), is_right(after, gold, answer_kind)
    if was and became:
        return "same"
    return "wrong to right" if became else "right to wrong" if was else "other"
