"""The order in which attempts are decoded: prompts of like length side by side, in batches that start together."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from synergy.models.positions import following_positions
from synergy.models.prompt import Prompt
from synergy.sampling.responses import Attempt


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """One prompt, its given beginning included, and the attempts at it."""

    prompt: Prompt
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Tasks whose prompts are run together."""

    tasks: tuple[Task, ...]

    @property
    def rows(self) -> list[tuple[int, Attempt]]:
        """Every attempt with the index of its task."""
        return [(index, attempt) for index, task in enumerate(self.tasks) for attempt in task.attempts]


def with_prefix(prompt: Prompt, prefix: Sequence[int]) -> Prompt:
    """The prompt followed by given tokens of the response."""
    if not prefix:
        return prompt
    text = torch.full((len(prefix),), -1)
    positions = following_positions(prompt.next_position, len(prefix), len(prompt.position_ids))
    return Prompt(
        problem_id=prompt.problem_id,
        token_ids=torch.cat([prompt.token_ids, torch.tensor(prefix, dtype=torch.int64)]),
        position_ids=torch.cat([prompt.position_ids, positions], dim=1),
        image_blocks=torch.cat([prompt.image_blocks, text]),
        items=prompt.items,
        model_inputs=prompt.model_inputs,
    )


def batches(tasks: Sequence[Task], *, max_rows: int, max_tokens: int) -> list[Batch]:
    """All tasks, shortest prompt first, in batches of at most so many attempts and prompt tokens (padding counts).

    A batch has at least one task, so a task with more is a batch of its own.
    """
    found: list[list[Task]] = []
    rows = 0
    for task in sorted(tasks, key=lambda task: task.prompt.num_tokens):
        rows += len(task.attempts)
        # the newest prompt is the longest
        tokens = (len(found[-1]) + 1) * task.prompt.num_tokens if found else 0
        if not found or rows > max_rows or tokens > max_tokens:
            found.append([])
            rows = len(task.attempts)
        found[-1].append(task)
    return [Batch(tasks=tuple(batch)) for batch in found]
