"""Grading attempts and saying what each earns."""

from collections.abc import Sequence
from dataclasses import replace

from synergy.config.reward import RewardConfig
from synergy.grading import Attempt, grade_many
from synergy.grading.rewards.compute import Rewards, compute_rewards
from synergy.grading.rewards.open_ended import OpenEnded
from synergy.grading.rewards.plugins import open_function
from synergy.prompts import PromptPreset
from synergy.records import RolloutGroup
from synergy.training.scorers import open_scorer


def open_rewards(config: RewardConfig, device: str | None = None) -> Rewards:
    """Load what the config names: plug-ins, and the scorer of open-ended answers, for this process's `device`.

    Raises FileError, InputError or MissingExtraError, each one line.
    """
    functions = tuple(open_function(each) for each in config.functions)
    scored = config.open_ended
    open_ended = OpenEnded(scored, open_scorer(scored.scorer, device)) if scored else None
    return Rewards(config=config, open_ended=open_ended, functions=functions)


def graded(
    groups: Sequence[RolloutGroup], preset: PromptPreset, rewards: Rewards, *, step: int = 0
) -> list[RolloutGroup]:
    """The same groups with a verdict and a reward on every attempt; `step` is told to plug-ins."""
    attempts = [
        Attempt(problem=group.problem, response=rollout.text, stop_reason=rollout.stop_reason)
        for group in groups
        for rollout in group.rollouts
    ]
    verdicts = iter(grade_many(attempts, preset=preset))
    judged = [
        replace(group, rollouts=tuple(replace(rollout, verdict=next(verdicts)) for rollout in group.rollouts))
        for group in groups
    ]
    return compute_rewards(judged, rewards, preset, step=step)
