"""Cutting reflections off traces (OpenVLThinker, 2503.17352: at "Wait", "But wait", "But the question").

The paper does not say what is left or if it still reaches the answer. Ours: a trace ends before the first sentence that
begins with a cue, and what is left, read as a whole response in whatever dress, has to be right by grading.
"""

import re
from collections.abc import Sequence

from synergy.grading import Attempt, grade_many
from synergy.records import Problem

#: what ends the sentence before, closing quotes and brackets in the group `closing`
_BETWEEN = r"(?:^\s*|(?<=[.!?…])(?P<closing>[\"')\]*]*)\s+|\n\s*)"


def trimmed(trace: str, cues: Sequence[str]) -> str:
    """The trace before the first sentence that begins with a cue, as whole words and in any case."""
    either = "|".join(r"\s+".join(map(re.escape, cue.split())) for cue in cues)
    found = re.search(rf"{_BETWEEN}(?:{either})(?!\w)", trace, re.IGNORECASE)
    if found is None:
        return trace
    return trace[: max(found.start(), found.end("closing"))].rstrip()


def reaching(problem: Problem, traces: Sequence[str]) -> list[bool]:
    """Whether each trace alone says the right answer; an empty one does not."""
    attempts = [Attempt(problem=problem, response=trace) for trace in traces]
    return [
        bool(trace) and verdict.correct
        for trace, verdict in zip(traces, grade_many(attempts, preset=None), strict=True)
    ]
