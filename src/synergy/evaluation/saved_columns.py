"""Which columns of somebody's file hold what: found by the names that toolkits use, or said by the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synergy.errors import InputError, nearest, unknown_name

#: by role, the names in the order of preference; compared without regard to case
NAMES: Mapping[str, tuple[str, ...]] = {
    "response": (
        "response",
        "responses",
        "prediction",
        "model_output",
        "model_response",
        "model_answer",
        "output",
        "completion",
        "generated_text",
        "generation",
        "resps",
        "pred",
        "predict",
    ),
    "id": ("id", "index", "question_id", "problem_id", "sample_id", "pid", "doc_id", "idx"),
    "answer": (
        "answer",
        "gold",
        "ground_truth",
        "gold_answer",
        "reference_answer",
        "reference",
        "target",
        "label",
        "gt",
    ),
    "question": ("question", "query", "problem", "prompt"),
    "run": ("run", "run_index"),
    "stop_reason": ("stop_reason", "finish_reason"),
    "num_tokens": ("num_tokens", "completion_tokens"),
}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The column of each role; None for a role that the file does not have."""

    response: str
    id: str | None
    answer: str | None
    question: str | None
    run: str | None
    stop_reason: str | None
    num_tokens: str | None

    def __str__(self) -> str:
        """For a reader: role=column."""
        return ", ".join(f"{role}={getattr(self, role)}" for role in NAMES if getattr(self, role) is not None)


def find_columns(label: str, available: Sequence[str], given: Mapping[str, str]) -> Columns:
    """The columns of a file, `given` ones first; raises InputError for an unknown role or column, or no response."""
    for role, column in given.items():
        if role not in NAMES:
            raise unknown_name("role in --column", role, NAMES)
        if column not in available:
            raise InputError(
                f"{label}: --column {role}={column}: no such column{nearest(column, available)}; "
                f"it has: {', '.join(available)}"
            )
    lowered = {name.lower(): name for name in reversed(available)}
    found = {
        role: given.get(role) or next((lowered[name] for name in names if name in lowered), None)
        for role, names in NAMES.items()
    }
    response = found.pop("response")
    if response is None:
        raise InputError(
            f"{label}: no column of responses; expected one of {', '.join(NAMES['response'])}: name it with "
            f"--column response=NAME; it has: {', '.join(available)}"
        )
    return Columns(response=response, **found)
