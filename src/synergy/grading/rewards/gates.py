"""Gates: when nothing is earned, whatever the terms say.

A gate takes what terms add and leaves what they take off: were a penalty waived too, a response that is about to be
punished for its length would gain by leaving its answer out.
"""

from collections.abc import Mapping
from typing import Literal

from synergy.records import Verdict

GATE = "gate"  #: the part that a closed gate adds: minus what the terms had earned

Gate = Literal["none", "answer", "format"]


def is_open(gate: Gate, verdict: Verdict) -> bool:
    """Whether the response may earn anything, by a verdict that was given under a prompt preset.

    "answer" asks for the one answer that grading finds in the preset's form, "format" for the whole layout.
    """
    match gate:
        case "none":
            return True
        case "answer":
            return verdict.extracted is not None
        case "format":
            return verdict.parts.get("format") == 1.0


def closed(parts: Mapping[str, float]) -> dict[str, float]:
    """The parts of a response that the gate keeps from earning; they add up to the penalties alone."""
    return {**parts, GATE: 0.0 - sum(value for value in parts.values() if value > 0)}


def earned(parts: Mapping[str, float]) -> float:
    """The sum of the parts; behind a closed gate the penalties alone, without the dust of adding and taking away."""
    if GATE in parts:
        return 0.0 + sum(value for name, value in parts.items() if value < 0 and name != GATE)
    return sum(parts.values())
