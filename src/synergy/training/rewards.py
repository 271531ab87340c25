"""Grading attempts and saying what each earns."""

from collections.abc import Sequence
from dataclasses import replace

from synergy.config.train import RewardConfig
from synergy.grading import Attempt, grade_many
from synergy.prompts import PromptPreset
from synergy.records import RolloutGroup, Verdict


def reward(verdict: Verdict, config: RewardConfig) -> float | None:
    """The weighted sum of score and format; None where the verdict is unscored."""
    if verdict.score is None:
        return None
    return config.score * verdict.score + config.format * verdict.parts.get("format", 0.0)


def graded(groups: Sequence[RolloutGroup], preset: PromptPreset, config: RewardConfig) -> list[RolloutGroup]:
    """The same groups with a verdict and a reward on every attempt."""
    attempts = [
        Attempt(problem=group.problem, response=rollout.text, stop_reason=rollout.stop_reason)
        for group in groups
        for rollout in group.rollouts
    ]
    verdicts = iter(grade_many(attempts, preset=preset))
    found = []
    for group in groups:
        rollouts = []
        for rollout in group.rollouts:
            verdict = next(verdicts)
            rollouts.append(replace(rollout, verdict=verdict, reward=reward(verdict, config)))
        found.append(replace(group, rollouts=tuple(rollouts)))
    return found
