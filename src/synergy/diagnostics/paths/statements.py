"""What a response states that can be checked: in the pocket all of it against the picture, elsewhere its arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

from synergy.diagnostics.paths.arithmetic import equations
from synergy.diagnostics.paths.pocket_items import item_of
from synergy.diagnostics.paths.thinking import thinking
from synergy.diagnostics.samples import Sample
from synergy.pocket.claims import read_claims


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a response, checked."""

    text: str
    true: bool
    mended: bool = False  #: false, but corrected later


def statements(sample: Sample) -> tuple[Sequence[Statement], bool]:
    """What a response's reasoning states, in order, and whether it was checked against a picture."""
    start, end = thinking(sample.text)
    text = sample.text[start:end]
    item = item_of(sample)
    if item is None:
        return [Statement(text=each.text, true=each.true) for each in equations(text)], False
    return [
        Statement(text=each.text, true=each.true, mended=each.mended) for each in read_claims(item.task, text)
    ], True
