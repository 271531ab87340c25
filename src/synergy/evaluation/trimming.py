"""Cutting reflections off traces (OpenVLThinker, 2503.17352: at "Wait", "But wait", "But the question").

The paper does not say what is left or if it still reaches the answer. Ours: a trace ends before the first sentence that
begins with a cue, and what is left, read as a whole response in whatever dress, has to be right by grading.
"""

import re
from collections.abc import Sequence

from synergy.grading import Attempt, grade_many
from synergy.records import Problem

_SENTENCE_START = r"(?:^|(?<=[.!?…:;\n])[\"')\]*]*\s+|\n\s*)"


def trimmed(trace: str, cues: Sequence[str]) -> str:
    """The trace before the first sentence that begins with a cue, as whole words and in any case."""
    either = "|".join(r"\s+".join(map(re.escape, cue.split())) for cue in cues)
    found = re.search(rf"{_SENTENCE_START}(?:{either})(?!\w)", trace, re.IGNORECASE)
    return trace if found is None else trace[: found.start()].rstrip()


def reaching(problem: Problem, traces: Sequence[str]) -> list[bool]:
    """Whether each trace alone says the right answer; an empty one does not."""
    attempts = [Attempt(problem=problem, response=trace) for trace in traces]
    return [
        bool(trace) and verdict.correct
        for trace, verdict in zip(traces, grade_many(attempts, preset=None), strict=True)
    ]
