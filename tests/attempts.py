"""Rollouts and groups for tests of algorithms and losses, with nothing in them that a test does not name."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from synergy.records import AnswerKind, Problem, Rollout, RolloutGroup, StopReason


def attempt(num_tokens: int, reward: float | None = None, **fields: Any) -> Rollout:
    """An attempt of so many tokens; log-probs may be given as lists."""
    for name in ("sampler_logprobs", "policy_logprobs", "reference_logprobs"):
        if fields.get(name) is not None:
            fields[name] = np.asarray(fields[name], dtype=np.float32)
    defaults: dict[str, Any] = {"problem_id": "p", "sample_index": 0, "text": "", "stop_reason": StopReason.STOP}
    return Rollout(token_ids=np.arange(num_tokens), reward=reward, **(defaults | fields))


def demonstration(num_tokens: int, **fields: Any) -> Rollout:
    """A worked answer of so many tokens."""
    return attempt(num_tokens, num_guided_tokens=num_tokens, **fields)


def group(*rollouts: Rollout, problem_id: str = "p") -> RolloutGroup:
    """The rollouts as attempts at one problem."""
    problem = Problem(id=problem_id, question="?", answer="1", answer_kind=AnswerKind.DIGIT)
    return RolloutGroup(problem=problem, rollouts=rollouts)


def rewarded(rewards: Sequence[float | None], num_tokens: int = 1) -> RolloutGroup:
    """A group of attempts of equal length with these rewards."""
    return group(*(attempt(num_tokens, reward) for reward in rewards))
