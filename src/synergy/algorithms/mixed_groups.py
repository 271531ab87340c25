"""Groups of problems that are learned from attempts and demonstrations: which have failed, and what a group holds.

A group's rollouts are, in this order: attempts; where the problem is imitated, given ones (demonstrations, or the one
beginning of one); attempts that were guided by that beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from synergy.algorithms.baselines import normalised
from synergy.algorithms.groups import is_demonstration, step_rewards
from synergy.algorithms.signals import imitation_signals, policy_signals
from synergy.algorithms.state import AlgorithmState
from synergy.config.mixing import MixedSection
from synergy.records import Rollout, RolloutGroup, TokenSignal, VerdictStatus


@dataclass(frozen=True, kw_only=True, eq=False)
class MixedGroup:
    """The parts of one problem's group."""

    attempts: RolloutGroup
    given: RolloutGroup
    guided: RolloutGroup
    learns_attempts: bool  #: whether the attempts are in any term

    @property
    def learned(self) -> list[RolloutGroup]:
        """The groups whose attempts are compared with each other."""
        return [*([self.attempts] if self.learns_attempts else []), *([self.guided] if self.guided.rollouts else [])]


def has_failed(group: RolloutGroup, config: MixedSection) -> bool:
    """Whether all of a problem's unguided attempts have failed, as `config.failed` means it."""
    if config.failed == "none_correct":
        return group.num_correct == 0
    verdicts = [rollout.verdict for rollout in group.rollouts]
    return all(verdict is not None and verdict.status is VerdictStatus.WRONG for verdict in verdicts)


def parts_of(group: RolloutGroup, config: MixedSection) -> MixedGroup:
    """The parts of a group that is laid out as the module says."""
    places = [index for index, rollout in enumerate(group.rollouts) if is_demonstration(rollout)]
    first, last = (places[0], places[-1] + 1) if places else (len(group.rollouts), len(group.rollouts))
    attempts = replace(group, rollouts=group.rollouts[:first])
    return MixedGroup(
        attempts=attempts,
        given=replace(group, rollouts=group.rollouts[first:last]),
        guided=replace(group, rollouts=group.rollouts[last:]),
        learns_attempts=config.failed_attempts == "kept" or not has_failed(attempts, config),
    )


def mixed_signals(
    groups: Sequence[RolloutGroup], config: MixedSection, state: AlgorithmState, *, kl_on_given: bool = False
) -> list[TokenSignal]:
    """One signal per rollout, in order: GRPO's advantage for sampled tokens, imitation of given rollouts."""
    parts = [parts_of(group, config) for group in groups]
    learned = [group for each in parts for group in each.learned]
    advantages = normalised(step_rewards(learned, config, state), config.std, config.std_epsilon)
    policy = iter(policy_signals(learned, advantages, config, state))
    signals: list[TokenSignal] = []
    for each in parts:
        attempts = each.attempts.rollouts
        signals += [next(policy) if each.learns_attempts else _in_no_term(rollout) for rollout in attempts]
        given = imitation_signals(config.name, [each.given])
        signals += [replace(signal, kl_weight=signal.nll_weight) for signal in given] if kl_on_given else given
        signals += [next(policy) for _ in each.guided.rollouts]
    return signals


def _in_no_term(rollout: Rollout) -> TokenSignal:
    nothing = np.zeros(len(rollout.token_ids), dtype=np.float32)
    return TokenSignal(
        rollout=rollout, policy_gradient_weight=nothing, advantage=nothing, nll_weight=nothing, kl_weight=nothing
    )
