"""Rollouts and signals as safetensors bytes: what processes tell each other and what a replay is read from.

Texts and images stay behind, and of a verdict all but its status and score: nothing that is computed from rollouts
needs them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from synergy.errors import InputError
from synergy.records import Rollout, StopReason, TokenSignal, Verdict, VerdictStatus

_LOGPROBS = ("sampler_logprobs", "policy_logprobs", "reference_logprobs")
_WEIGHTS = ("policy_gradient_weight", "advantage", "nll_weight", "kl_weight")
_HEADER = "json"


def rollouts_to_tensors(rollouts: Sequence[Rollout]) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """All arrays of one name joined into one, and a JSON object per rollout for the rest."""
    tensors = {"token_ids": _joined([rollout.token_ids for rollout in rollouts], np.int64)}
    for name in _LOGPROBS:
        arrays = [getattr(rollout, name) for rollout in rollouts]
        tensors[name] = _joined([array for array in arrays if array is not None], np.float32)
    facts = [
        {
            "problem_id": rollout.problem_id,
            "sample_index": rollout.sample_index,
            "num_tokens": len(rollout.token_ids),
            "stop_reason": rollout.stop_reason.value,
            "num_guided_tokens": rollout.num_guided_tokens,
            "reward": rollout.reward,
            "reward_parts": dict(rollout.reward_parts),
            "verdict": None if rollout.verdict is None else [rollout.verdict.status.value, rollout.verdict.score],
            "has": [name for name in _LOGPROBS if getattr(rollout, name) is not None],
        }
        for rollout in rollouts
    ]
    return tensors, facts


def rollouts_from_tensors(tensors: Mapping[str, np.ndarray], facts: Sequence[Mapping[str, Any]]) -> list[Rollout]:
    """The rollouts again, without text; their verdicts have a status and a score."""
    starts = dict.fromkeys(("token_ids", *_LOGPROBS), 0)

    def take(name: str, num: int) -> np.ndarray:
        starts[name] += num
        return tensors[name][starts[name] - num : starts[name]]

    def scores(fact: Mapping[str, Any], name: str) -> np.ndarray | None:
        return take(name, fact["num_tokens"]) if name in fact["has"] else None

    return [
        Rollout(
            problem_id=fact["problem_id"],
            sample_index=fact["sample_index"],
            token_ids=take("token_ids", fact["num_tokens"]),
            text="",
            stop_reason=StopReason(fact["stop_reason"]),
            num_guided_tokens=fact["num_guided_tokens"],
            reward=fact["reward"],
            reward_parts=fact["reward_parts"],
            verdict=_verdict(fact.get("verdict")),
            sampler_logprobs=scores(fact, "sampler_logprobs"),
            policy_logprobs=scores(fact, "policy_logprobs"),
            reference_logprobs=scores(fact, "reference_logprobs"),
        )
        for fact in facts
    ]


def signals_to_tensors(signals: Sequence[TokenSignal]) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """As `rollouts_to_tensors`, with what is to be learned beside."""
    tensors, facts = rollouts_to_tensors([signal.rollout for signal in signals])
    for name in _WEIGHTS:
        tensors[name] = _joined([getattr(signal, name) for signal in signals], np.float32)
    return tensors, facts


def signals_from_tensors(tensors: Mapping[str, np.ndarray], facts: Sequence[Mapping[str, Any]]) -> list[TokenSignal]:
    """The signals again."""
    ends = np.cumsum([fact["num_tokens"] for fact in facts], dtype=int)
    parts = {name: np.split(tensors[name], ends[:-1]) for name in _WEIGHTS}
    rollouts = rollouts_from_tensors(tensors, facts)
    return [
        TokenSignal(rollout=rollout, **{name: parts[name][index] for name in _WEIGHTS})
        for index, rollout in enumerate(rollouts)
    ]


def to_bytes(tensors: Mapping[str, np.ndarray], header: object) -> bytes:
    """One safetensors text of arrays and a JSON value."""
    return save(dict(tensors), metadata={_HEADER: json.dumps(header)})


def from_bytes(data: bytes, label: str) -> tuple[dict[str, np.ndarray], Any]:
    """The arrays and the JSON value; raises InputError, naming `label`, for other bytes."""
    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])["__metadata__"][_HEADER]
    except (SafetensorError, KeyError, ValueError) as error:
        raise InputError(f"{label}: cannot be read ({error}); expected a file that a stopped run has left") from None
    return tensors, json.loads(header)


def _verdict(fact: Sequence[Any] | None) -> Verdict | None:
    if fact is None:
        return None
    status, score = fact
    return Verdict(status=VerdictStatus(status), score=score, extracted=None, rule="")


def _joined(arrays: Sequence[np.ndarray], dtype: type[np.generic]) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype=dtype), *arrays]).astype(dtype)
