"""The groups of a step over all processes: each works on its own, and all know enough of the others' to annotate."""

from collections.abc import Sequence
from dataclasses import dataclass

from synergy.models.prompt import Prompt
from synergy.records import AnswerKind, Problem, RolloutGroup
from synergy.training.codec import from_bytes, rollouts_from_tensors, rollouts_to_tensors, to_bytes
from synergy.training.processes import Processes


@dataclass(frozen=True, kw_only=True, eq=False)
class StepGroup:
    """A group with its place in the step."""

    number: int  #: of the problem's turn: the order of groups, whichever process works on them
    group: RolloutGroup
    prompt: Prompt | None  #: None where another process works on it; its problem then has an id and nothing else


def shared(own: Sequence[StepGroup], processes: Processes) -> list[StepGroup]:
    """All processes' groups in the order of their numbers, own ones as they are."""
    if processes.num == 1:
        return sorted(own, key=lambda each: each.number)
    found = list(own)
    for rank, data in enumerate(processes.gather_bytes(_encoded(own))):
        if rank != processes.rank:
            found += _decoded(data)
    return sorted(found, key=lambda each: each.number)


def _encoded(own: Sequence[StepGroup]) -> bytes:
    tensors, facts = rollouts_to_tensors([rollout for each in own for rollout in each.group.rollouts])
    places = [
        {"number": each.number, "problem_id": each.group.problem.id, "num_rollouts": len(each.group.rollouts)}
        for each in own
    ]
    return to_bytes(tensors, {"rollouts": facts, "groups": places})


def _decoded(data: bytes) -> list[StepGroup]:
    tensors, header = from_bytes(data, "another process's groups")
    left = iter(rollouts_from_tensors(tensors, header["rollouts"]))
    found = []
    for place in header["groups"]:
        problem = Problem(id=place["problem_id"], question="", answer="", answer_kind=AnswerKind.NUMBER)
        rollouts = tuple(next(left) for _ in range(place["num_rollouts"]))
        found.append(
            StepGroup(number=place["number"], group=RolloutGroup(problem=problem, rollouts=rollouts), prompt=None)
        )
    return found
