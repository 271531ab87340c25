"""Worked answers as groups: text under a prompt preset, as token ids of one model."""

from collections.abc import Sequence

from synergy.models.rendering import Renderer
from synergy.prompts import PromptPreset
from synergy.records import Demonstration, Problem, Rollout, RolloutGroup, StopReason


def demonstration_group(
    problem: Problem, demonstrations: Sequence[Demonstration], renderer: Renderer, preset: PromptPreset
) -> RolloutGroup:
    """A problem's demonstrations as rollouts whose every token was given, the end token included.

    Raises InputError where a trace holds a visual token of the model.
    """
    rollouts = []
    for index, demonstration in enumerate(demonstrations):
        text = preset.response(demonstration.trace, demonstration.answer)
        token_ids = renderer.response(problem.id, text).numpy()
        rollouts.append(
            Rollout(
                problem_id=problem.id,
                sample_index=index,
                token_ids=token_ids,
                text=text,
                stop_reason=StopReason.STOP,
                num_guided_tokens=len(token_ids),
            )
        )
    return RolloutGroup(problem=problem, rollouts=tuple(rollouts))
