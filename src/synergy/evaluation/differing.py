"""The responses on which the ways of deciding do not agree: what to look at when two numbers differ."""

import json
from collections.abc import Sequence

from synergy.evaluation.verdicts import GradedResponse


def differing(graded: Sequence[GradedResponse]) -> list[GradedResponse]:
    """Those that some rule finds right and another does not, or that some rule cannot score, in order."""
    return [each for each in graded if len({verdict.status for verdict in each.verdicts.values()}) > 1]


def differing_line(each: GradedResponse) -> str:
    """One of them as a line of JSON, question and response included."""
    fields = {
        "id": each.problem.id,
        "run": each.response.run,
        "question": each.problem.question,
        "gold": each.problem.answer,
        "response": each.response.text,
        "verdicts": {
            rule: {"status": verdict.status, "extracted": verdict.extracted, "rule": verdict.rule}
            for rule, verdict in each.verdicts.items()
        },
    }
    return json.dumps(fields) + "\n"
