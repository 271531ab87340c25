"""What is reported of attempts: of all that were sampled, whether or not a step learns from them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from synergy.algorithms.dynamic_sampling import keeps_group
from synergy.records import Rollout, RolloutGroup, StopReason, VerdictStatus
from synergy.training.metrics import PROBLEM, PROBLEMS, LossMetrics, Scalar, merge_metrics


def mean_of(values: Iterable[float | bool]) -> tuple[Scalar, Scalar]:
    """(sum, count) of plain numbers."""
    array = np.fromiter(values, dtype=np.float64)
    return torch.tensor(array.sum()), torch.tensor(float(len(array)), dtype=torch.float64)


def total(value: float) -> Scalar:
    """A plain number as something to add up."""
    return torch.tensor(float(value), dtype=torch.float64)


def rollout_metrics(groups: Sequence[RolloutGroup]) -> LossMetrics:
    """Of graded attempts: reward, accuracy, length, truncation, and how many groups teach something.

    `sampling/entropy` is the mean of −log p over sampled tokens, an unbiased estimate of the entropy, in nats per
    token, of the distribution that was drawn from. What standard errors over problems are made of is
    here too (`metrics.summarise`).
    """
    rollouts = [rollout for group in groups for rollout in group.rollouts]
    surprisal = [part for rollout in rollouts for part in _surprisal(rollout)]
    means = {
        "reward/mean": mean_of(rollout.reward for rollout in rollouts if rollout.reward is not None),
        "reward/group_std": mean_of(std for group in groups for std in _spread(group)),
        "score/accuracy": mean_of(_is_correct(rollout) for rollout in rollouts),
        "score/unscored_fraction": mean_of(_is_unscored(rollout) for rollout in rollouts),
        "score/format": mean_of(
            rollout.verdict.parts["format"]
            for rollout in rollouts
            if rollout.verdict is not None and "format" in rollout.verdict.parts
        ),
        "response/length_tokens": mean_of(len(rollout.token_ids) for rollout in rollouts),
        "response/truncated_fraction": mean_of(rollout.stop_reason is StopReason.LENGTH for rollout in rollouts),
        "response/failed_fraction": mean_of(rollout.stop_reason is StopReason.FAILED for rollout in rollouts),
        "group/signal_fraction": mean_of(keeps_group(group) for group in groups),
        "sampling/entropy": (
            total(sum(float(part.sum()) for part in surprisal)),
            total(sum(len(part) for part in surprisal)),
        ),
    }
    sums = {
        "sampling/num_attempts": total(len(rollouts)),
        "sampling/num_truncated": total(sum(rollout.stop_reason is StopReason.LENGTH for rollout in rollouts)),
        "sampling/generated_tokens": total(sum(len(r.token_ids) - r.num_guided_tokens for r in rollouts)),
        "sampling/num_images": total(sum(len(group.problem.images) for group in groups)),
    }
    return merge_metrics([LossMetrics(sums=sums, means=means), _of_problems(groups)])


def _of_problems(groups: Sequence[RolloutGroup]) -> LossMetrics:
    """Moments of problems' mean rewards and pass rates, over problems with a reward."""
    pairs = [
        (float(np.mean(rewards)), group.pass_rate)
        for group in groups
        if (rewards := [rollout.reward for rollout in group.rollouts if rollout.reward is not None])
    ]
    means = {
        f"{PROBLEM}reward": mean_of(reward for reward, _ in pairs),
        f"{PROBLEM}accuracy": mean_of(rate for _, rate in pairs),
        f"{PROBLEM}reward_squared": mean_of(reward**2 for reward, _ in pairs),
        f"{PROBLEM}accuracy_squared": mean_of(rate**2 for _, rate in pairs),
        f"{PROBLEM}product": mean_of(reward * rate for reward, rate in pairs),
    }
    return LossMetrics(sums={PROBLEMS: total(len(pairs))}, means=means)


def level_metrics(groups: Sequence[RolloutGroup]) -> LossMetrics:
    """Accuracy by level of difficulty."""
    by_level: defaultdict[int, list[bool]] = defaultdict(list)
    for group in groups:
        if group.problem.level is not None:
            by_level[group.problem.level] += [_is_correct(rollout) for rollout in group.rollouts]
    return LossMetrics(means={f"score/accuracy_level_{level}": mean_of(by_level[level]) for level in sorted(by_level)})


def _is_correct(rollout: Rollout) -> bool:
    return rollout.verdict is not None and rollout.verdict.correct


def _is_unscored(rollout: Rollout) -> bool:
    return rollout.verdict is None or rollout.verdict.status is VerdictStatus.UNSCORED


def _spread(group: RolloutGroup) -> list[float]:
    rewards = [rollout.reward for rollout in group.rollouts if rollout.reward is not None]
    return [float(np.std(rewards))] if rewards else []


def _surprisal(rollout: Rollout) -> list[np.ndarray]:
    if rollout.sampler_logprobs is None:
        return []
    return [-rollout.sampler_logprobs[rollout.num_guided_tokens :].astype(np.float64)]
