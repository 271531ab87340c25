"""Rollouts and signals as bytes and back; groups shared between processes; what a step finds not finite."""

import numpy as np
import pytest
import torch
from attempts import attempt, demonstration, group

from synergy.algorithms.signals import imitation_signals
from synergy.errors import InputError
from synergy.records import StopReason, Verdict, VerdictStatus
from synergy.training.codec import (
    from_bytes,
    rollouts_from_tensors,
    rollouts_to_tensors,
    signals_from_tensors,
    signals_to_tensors,
    to_bytes,
)
from synergy.training.processes import Processes
from synergy.training.step_groups import StepGroup, _encoded, shared

ROLLOUTS = [
    attempt(3, 0.5, sampler_logprobs=[-1, -2, np.nan], policy_logprobs=[-1, -2, -3], stop_reason=StopReason.LENGTH),
    attempt(0, None, problem_id="q", sample_index=1, stop_reason=StopReason.FAILED),
    attempt(2, 1.0, reward_parts={"accuracy": 0.9, "format": 0.1}, reference_logprobs=[-0.25, -4], num_guided_tokens=1),
]


def _assert_equal(found, expected) -> None:
    for name in ("problem_id", "sample_index", "stop_reason", "reward", "reward_parts", "num_guided_tokens"):
        assert getattr(found, name) == getattr(expected, name)
    for name in ("token_ids", "sampler_logprobs", "policy_logprobs", "reference_logprobs"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert (ours is None) == (theirs is None)
        if theirs is not None:
            assert np.array_equal(ours, theirs, equal_nan=name != "token_ids")


def test_rollouts_survive():
    tensors, header = from_bytes(to_bytes(*rollouts_to_tensors(ROLLOUTS)), "here")
    for found, expected in zip(rollouts_from_tensors(tensors, header), ROLLOUTS, strict=True):
        _assert_equal(found, expected)


def test_of_a_verdict_status_and_score_survive():
    verdicts = [
        None,
        Verdict(status=VerdictStatus.UNSCORED, score=None, extracted="7", rule="x"),
        Verdict(status=VerdictStatus.CORRECT, score=1.0, extracted="7", rule="x"),
    ]
    rollouts = [attempt(1, verdict=verdict) for verdict in verdicts]
    tensors, header = from_bytes(to_bytes(*rollouts_to_tensors(rollouts)), "here")
    found = [rollout.verdict for rollout in rollouts_from_tensors(tensors, header)]
    assert found[0] is None
    assert [(each.status, each.score) for each in found[1:] if each] == [
        (VerdictStatus.UNSCORED, None),
        (VerdictStatus.CORRECT, 1.0),
    ]


def test_signals_survive():
    signals = imitation_signals("sft", [group(demonstration(2), demonstration(3))])
    tensors, header = from_bytes(to_bytes(*signals_to_tensors(signals)), "here")
    for found, expected in zip(signals_from_tensors(tensors, header), signals, strict=True):
        _assert_equal(found.rollout, expected.rollout)
        assert np.array_equal(found.nll_weight, expected.nll_weight)


@pytest.mark.parametrize("data", [b"", b"abc", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_other_bytes_are_refused(data: bytes):
    with pytest.raises(InputError, match=r"here: cannot be read"):
        from_bytes(data, "here")


class TwoProcesses(Processes):
    """The first of two, the second of which says what it is told to."""

    def gather_bytes(self, data: bytes) -> list[bytes]:
        other = StepGroup(number=1, group=group(ROLLOUTS[0], problem_id="other"), prompt=None)
        return [data, _encoded([other])]


def test_groups_of_all_processes_in_the_order_of_their_numbers():
    own = [StepGroup(number=number, group=group(ROLLOUTS[2]), prompt=None) for number in (2, 0)]
    found = shared(own, TwoProcesses(num=2))
    assert [each.number for each in found] == [0, 1, 2]
    assert found[0] is own[1]
    assert found[1].group.problem.id == "other"
    _assert_equal(found[1].group.rollouts[0], ROLLOUTS[0])


def test_torch_is_seeded_by_streams_that_differ():
    from synergy.training.trainer import stream_seed

    seeds = {stream_seed(seed, step, rank) for seed in range(3) for step in range(3) for rank in range(3)}
    assert len(seeds) == 27
    torch.manual_seed(max(seeds))  # within what torch takes
