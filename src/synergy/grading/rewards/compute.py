"""From graded attempts to rewarded ones: every term, the gate, and what came of each, kept with the rollout."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from synergy.config.reward import RewardConfig
from synergy.grading.rewards.gates import closed, earned, is_open
from synergy.grading.rewards.open_ended import OpenEnded
from synergy.grading.rewards.plugin_calls import Called
from synergy.grading.rewards.plugins import RewardFunction
from synergy.grading.rewards.terms import answer_term, shaping_terms
from synergy.prompts import PromptPreset
from synergy.records import Problem, Rollout, RolloutGroup, StopReason, Verdict


@dataclass(frozen=True, kw_only=True, eq=False)
class Rewards:
    """A reward config with everything opened that it names."""

    config: RewardConfig
    open_ended: OpenEnded | None = None
    functions: tuple[RewardFunction, ...] = ()

    def values_openly(self, problem: Problem) -> bool:
        """Whether the problem's answers are valued by the scorer rather than by their rule."""
        return self.open_ended is not None and self.open_ended.applies(problem)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Attempt:
    """An attempt whose answer has a value."""

    problem: Problem
    rollout: Rollout
    verdict: Verdict
    value: float  #: what the answer is worth, without a weight
    open_ended: bool


def compute_rewards(
    groups: Sequence[RolloutGroup], rewards: Rewards, preset: PromptPreset, *, step: int = 0
) -> list[RolloutGroup]:
    """The same groups with `reward` and `reward_parts` on every graded attempt; `step` is told to plug-ins.

    The parts' sum is the reward. Where the gate is closed they have a part `gate`, which takes all that the others
    add. Reward None and no parts has an attempt that could not be scored: the sampler failed, the verdict is unscored,
    the scorer of an open-ended answer has no score, or no term applies.

    Raises InputError for what plug-ins and scorers do wrong.
    """
    values = _values(groups, rewards)
    attempts = {
        (i, j): _Attempt(
            problem=group.problem,
            rollout=rollout,
            verdict=rollout.verdict,
            value=value,
            open_ended=rewards.values_openly(group.problem),
        )
        for i, group in enumerate(groups)
        for j, rollout in enumerate(group.rollouts)
        if (value := next(values)) is not None and rollout.verdict is not None
    }
    parts = dict(zip(attempts, _parts(list(attempts.values()), rewards, preset, step), strict=True))
    return [
        replace(
            group, rollouts=tuple(_rewarded(rollout, parts.get((i, j))) for j, rollout in enumerate(group.rollouts))
        )
        for i, group in enumerate(groups)
    ]


def _rewarded(rollout: Rollout, parts: dict[str, float] | None) -> Rollout:
    if not parts:
        return replace(rollout, reward=None, reward_parts={})
    return replace(rollout, reward=earned(parts), reward_parts=parts)


def _values(groups: Sequence[RolloutGroup], rewards: Rewards) -> Iterator[float | None]:
    """What each answer is worth, in order: by its verdict's score, or by the scorer, which is asked once for all."""
    attempts = [(group.problem, rollout) for group in groups for rollout in group.rollouts]
    openly = [
        (problem, rollout.verdict.extracted if rollout.verdict else None)
        for problem, rollout in attempts
        if _is_gradable(rollout) and rewards.values_openly(problem)
    ]
    scored = iter(rewards.open_ended.rewards(openly) if rewards.open_ended else ())
    for problem, rollout in attempts:
        if not _is_gradable(rollout):
            yield None
        elif rewards.values_openly(problem):
            yield next(scored)
        else:
            yield rollout.verdict.score if rollout.verdict else None


def _is_gradable(rollout: Rollout) -> bool:
    return rollout.verdict is not None and rollout.stop_reason is not StopReason.FAILED


def _parts(attempts: Sequence[_Attempt], rewards: Rewards, preset: PromptPreset, step: int) -> list[dict[str, float]]:
    config = rewards.config
    called = [Called(problem=each.problem, rollout=each.rollout, preset=preset) for each in attempts]
    found: list[dict[str, float]] = []
    plugged = [(function, function.values(called, step)) for function in rewards.functions]
    for index, each in enumerate(attempts):
        parts = answer_term(each.verdict, each.value, config, open_ended=each.open_ended)
        parts |= shaping_terms(each.rollout, each.verdict, config, open_ended=each.open_ended)
        for function, values in plugged:
            value = values[index]
            if value is not None:
                parts[function.part] = function.weight * value
        found.append(parts if is_open(config.gate, each.verdict) else closed(parts))
    return found
