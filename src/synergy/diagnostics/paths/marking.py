"""Responses as texts to read, with stretches marked."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from synergy.diagnostics.finding import FindingExample, MarkedText
from synergy.diagnostics.samples import Sample


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A stretch of a text, in characters, with its colour from −1 to 1 and what is said of it."""

    start: int
    end: int
    value: float
    label: str


def marked(sample: Sample, marks: Sequence[Mark], title: str) -> FindingExample:
    """Question, response with its marks, and gold answer; marks stand in order and do not overlap."""
    parts = [MarkedText(text=f"{sample.question}\n\n")]
    position = 0
    for mark in marks:
        if mark.start > position:
            parts.append(MarkedText(text=sample.text[position : mark.start]))
        parts.append(MarkedText(text=sample.text[mark.start : mark.end], value=mark.value, label=mark.label))
        position = mark.end
    parts.append(MarkedText(text=f"{sample.text[position:]}\n\n{_conclusion(sample)}"))
    return FindingExample(title=title, parts=tuple(parts))


def first_examples(
    samples: Iterable[Sample],
    kinds: Sequence[str],
    kind_of: Callable[[Sample], tuple[str, Sequence[Mark]] | None],
    title: Callable[[str, Sample], str],
) -> list[FindingExample]:
    """The first response of each kind, kinds in their order; `kind_of` gives None for what is not worth showing."""
    found: dict[str, FindingExample] = {}
    for sample in samples:
        named = kind_of(sample)
        if named is not None and named[0] in kinds and named[0] not in found:
            found[named[0]] = marked(sample, named[1], title(named[0], sample))
            if len(found) == len(kinds):
                break
    return [found[kind] for kind in kinds if kind in found]


def _conclusion(sample: Sample) -> str:
    return f"[{'right' if sample.correct else 'wrong'}; gold answer: {sample.gold}]"
