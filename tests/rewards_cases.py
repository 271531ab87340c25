"""Graded attempts for tests of rewards, and the two studies' rewards."""

from typing import Any

import numpy as np

from synergy.config.reward import OpenEndedConfig, RewardConfig
from synergy.config.scorer import ExactScorerConfig, HttpScorerConfig
from synergy.grading.rewards.compute import Rewards, compute_rewards
from synergy.grading.rewards.open_ended import OpenEnded
from synergy.grading.rewards.plugins import open_function
from synergy.grading.scorer import Scorer
from synergy.grading.scorers_exact import ExactScorer
from synergy.prompts import ANSWER_TAGS, PromptPreset
from synergy.records import AnswerKind, Problem, Rollout, RolloutGroup, StopReason
from synergy.training.rewards import graded

FIRST_STUDY = RewardConfig(accuracy=0.9, format=0.1)
SECOND_STUDY = RewardConfig(
    gate="answer",
    open_ended=OpenEndedConfig(scorer=ExactScorerConfig(kind="exact"), kinds=(AnswerKind.CELLS,)),
)
OPENLY = OpenEndedConfig(scorer=HttpScorerConfig(kind="http", url="http://unused"))  #: tests give their own scorer


def problem(kind: str, answer: str, **fields: Any) -> Problem:
    defaults: dict[str, Any] = {"id": f"{kind}/{answer}", "question": "What is it?"}
    return Problem(answer=answer, answer_kind=AnswerKind(kind), **(defaults | fields))


def opened(config: RewardConfig, scorer: Scorer | None = None) -> Rewards:
    """As `open_rewards`, with a scorer of the test's own."""
    scored = OpenEnded(config.open_ended, scorer or ExactScorer(10.0)) if config.open_ended else None
    return Rewards(config=config, open_ended=scored, functions=tuple(map(open_function, config.functions)))


def attempted(asked: Problem, *texts: str, num_tokens: int = 4, **fields: Any) -> RolloutGroup:
    defaults: dict[str, Any] = {"token_ids": np.arange(num_tokens), "stop_reason": StopReason.STOP}
    rollouts = [
        Rollout(problem_id=asked.id, sample_index=index, text=text, **(defaults | fields))
        for index, text in enumerate(texts)
    ]
    return RolloutGroup(problem=asked, rollouts=tuple(rollouts))


def rewarded(
    config: RewardConfig | Rewards, asked: Problem, *texts: str, preset: PromptPreset = ANSWER_TAGS, **fields: Any
) -> list[Rollout]:
    """The attempts graded and rewarded."""
    rewards = config if isinstance(config, Rewards) else opened(config)
    (found,) = graded([attempted(asked, *texts, **fields)], preset, rewards)
    return list(found.rollouts)


def again(rollouts: list[Rollout], asked: Problem, config: RewardConfig) -> list[Rollout]:
    """Graded attempts under another reward."""
    group = RolloutGroup(problem=asked, rollouts=tuple(rollouts))
    return list(compute_rewards([group], opened(config), ANSWER_TAGS)[0].rollouts)


def said(answer: str, preset: PromptPreset = ANSWER_TAGS) -> str:
    """A well-formed response."""
    return preset.response("I look at it.", answer)
